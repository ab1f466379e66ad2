package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"jwt/internal/tooltest"
)

// A githubAction is action.yml.
type githubAction struct {
	Inputs  map[string]struct{ Description, Default string }
	Outputs map[string]struct{ Value string }
	Runs    struct {
		Using string
		Steps []actionStep
	}
}

type actionStep struct {
	ID, Shell, Run, Uses string
	Env                  map[string]string
}

func readYAML(t *testing.T, file string, v any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func action(t *testing.T) (a githubAction, script actionStep) {
	t.Helper()
	readYAML(t, "../action.yml", &a)
	for _, step := range a.Runs.Steps {
		if step.ID == "jwt" {
			return a, step
		}
	}
	t.Fatal("action.yml has no step jwt")
	return a, script
}

// TestActionScripts requires that nothing from outside is written into a script of the action, where it
// would be run, and that every input reaches the script.
func TestActionScripts(t *testing.T) {
	t.Parallel()
	a, script := action(t)
	if a.Runs.Using != "composite" || len(a.Inputs) == 0 {
		t.Fatalf("runs using %q, %d inputs", a.Runs.Using, len(a.Inputs))
	}
	for _, step := range a.Runs.Steps {
		if strings.Contains(step.Run, "${{") {
			t.Errorf("step %s: an expression in its script", step.ID)
		}
		if step.Run != "" && step.Shell != "bash" {
			t.Errorf("step %s: shell %q", step.ID, step.Shell)
		}
	}
	for name := range a.Inputs {
		variable := "INPUT_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		if script.Env[variable] != "${{ inputs."+name+" }}" || !strings.Contains(script.Run, "$"+variable) {
			t.Errorf("input %s: $%s is %q", name, variable, script.Env[variable])
		}
	}
	for name, output := range a.Outputs {
		if output.Value != "${{ steps.jwt.outputs."+name+" }}" || !strings.Contains(script.Run, "output "+name+" ") {
			t.Errorf("output %s: %s", name, output.Value)
		}
	}
}

// An actionRun is what one run of the action printed and set.
type actionRun struct {
	dir     string
	status  int
	log     string
	outputs map[string]string
}

func runAction(t *testing.T, inputs map[string]string) actionRun {
	t.Helper()
	a, script := action(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "outputs")
	c := exec.Command("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script.Run)
	c.Dir = dir
	c.Env = append(os.Environ(), "RUNNER_TEMP="+dir, "GITHUB_OUTPUT="+file, "XDG_CONFIG_HOME="+dir, "XDG_CACHE_HOME="+dir)
	for name, input := range a.Inputs {
		value, ok := inputs[name]
		if !ok {
			value = input.Default
		}
		c.Env = append(c.Env, "INPUT_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))+"="+value)
	}
	var log bytes.Buffer
	c.Stdout, c.Stderr = &log, &log
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	written, _ := os.ReadFile(file)
	return actionRun{dir, c.ProcessState.ExitCode(), log.String(), outputsIn(t, string(written))}
}

// outputsIn reads $GITHUB_OUTPUT as the runner does: NAME<<END, lines, END.
func outputsIn(t *testing.T, text string) map[string]string {
	t.Helper()
	outputs := map[string]string{}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := 0; i < len(lines) && text != ""; i++ {
		name, end, ok := strings.Cut(lines[i], "<<")
		if !ok || len(end) != 32 {
			t.Fatalf("line %d of the outputs: %q", i+1, lines[i])
		}
		var value []string
		for i++; lines[i] != end; i++ {
			value = append(value, lines[i])
		}
		outputs[name] = strings.Join(value, "\n")
	}
	return outputs
}

// commandsIn returns the commands to the runner in a log, as it finds them: those between stop-commands
// and its token are text.
func commandsIn(log string) (commands []string) {
	paused := ""
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(strings.TrimSuffix(line, "\n"))
		token, pauses := strings.CutPrefix(line, "::stop-commands::")
		switch {
		case paused != "":
			if line == "::"+paused+"::" {
				paused = ""
			}
		case pauses:
			paused = token
		case strings.HasPrefix(line, "::") || strings.HasPrefix(line, "##["):
			commands = append(commands, line)
		}
	}
	return commands
}

// TestAction runs the script of the action.
func TestAction(t *testing.T) {
	t.Parallel()
	tooltest.Program(t, "bash")
	tooltest.Program(t, "jq")
	const secret = "a secret of more than thirty-two bytes"
	sign := func(claims string) string { return made(t, secret, "sign", claims, "-S", "-", "-q", "--no-iat") }
	good, expired := sign(`{"sub":"alice","aud":"api","exp":4102444800}`), sign(`{"sub":"alice","exp":1000000000}`)
	evil := "x\n::error::owned\r\n::set-output name=valid::true\n%0A::warning::owned\nEOF\nvalid=true"
	text, err := json.Marshal(map[string]string{"aud": evil, "sub": evil, "iss": evil})
	if err != nil {
		t.Fatal(err)
	}
	hostile := sign(string(text))
	for _, tt := range []struct {
		name     string
		inputs   map[string]string
		status   int
		outputs  map[string]string
		commands string // a regular expression of all, joined by line ends
	}{
		{"valid", map[string]string{"token": good, "secret": secret, "audience": "api"}, 0, map[string]string{"valid": "true", "class": ""}, `^$`},
		{"one of several audiences", map[string]string{"token": good, "secret": secret, "audience": "web\r\n\napi\n"}, 0, map[string]string{"valid": "true"}, `^$`},
		{"a warning", map[string]string{"token": good, "secret": secret}, 0, map[string]string{"valid": "true"}, `^::warning title=aud_unchecked::aud: `},
		{"expired", map[string]string{"token": expired, "secret": secret}, 5, map[string]string{"valid": "false", "class": "expired"}, `(?m)^::error title=expired::exp: `},
		{"another key", map[string]string{"token": good, "key": "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----"}, 7, map[string]string{"valid": "false", "class": "key_mismatch"}, `^::error title=key_mismatch::`},
		{"no token", map[string]string{"token": "hello", "secret": secret}, 3, map[string]string{"valid": "false", "class": "malformed"}, `^::error title=malformed::`},
		{"no key", map[string]string{"token": good}, 2, map[string]string{"valid": "false"}, `^::error title=`},
		{"inspect", map[string]string{"token": good, "command": "inspect"}, 0, map[string]string{"valid": "", "class": ""}, `^::`},
		{"inspect, failing", map[string]string{"token": good, "command": "inspect", "fail-on": "info"}, 6, map[string]string{"class": "claim_mismatch"}, `^::error title=claim_mismatch::`},
		{"another command", map[string]string{"token": good, "command": "sign; touch owned"}, 2, map[string]string{}, `^::error title=usage::the input command must be verify or inspect$`},
		{"a hostile token", map[string]string{"token": hostile, "secret": secret, "audience": "api"}, 6, map[string]string{"valid": "false", "class": "aud_mismatch"}, `^::error title=aud_mismatch::[^\n]*$`},
		{"a hostile token, inspected", map[string]string{"token": hostile, "command": "inspect"}, 0, map[string]string{"valid": ""}, `^(::(notice|warning|error) title=[a-z-]+::[^\n]*\n?)+$`},
		{"hostile text", map[string]string{"token": evil, "secret": secret}, 3, map[string]string{"valid": "false", "class": "malformed"}, `^::error title=malformed::[^\n]*$`},
		{"hostile inputs", map[string]string{"token": good, "secret": secret, "audience": "$(touch owned)\n`touch owned`", "issuer": "'; touch owned; '"}, 6, map[string]string{"valid": "false"}, `^::error title=missing_claim::[^\n]*$`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			run := runAction(t, tt.inputs)
			if run.status != tt.status {
				t.Errorf("status %d, want %d:\n%s", run.status, tt.status, run.log)
			}
			for name, want := range tt.outputs {
				if run.outputs[name] != want {
					t.Errorf("output %s: %q, want %q", name, run.outputs[name], want)
				}
			}
			commands := strings.Join(commandsIn(run.log), "\n")
			if !regexp.MustCompile(tt.commands).MatchString(commands) || strings.Contains(commands, "owned\n") || strings.HasPrefix(commands, "::set-output") {
				t.Errorf("commands: %s\nwant: %s\nlog: %s", commands, tt.commands, run.log)
			}
			if strings.Contains(run.log, secret) {
				t.Errorf("the secret is in the log: %s", run.log)
			}
			if run.status != 2 && !json.Valid([]byte(run.outputs["json"])) {
				t.Errorf("json: %q", run.outputs["json"])
			}
			if found, err := filepath.Glob(filepath.Join(run.dir, "owned*")); err != nil || len(found) > 0 {
				t.Error("an input was run")
			}
		})
	}
}

// TestPreCommit commits a file with a token and one without in a repository that uses the hook.
func TestPreCommit(t *testing.T) {
	t.Parallel()
	tooltest.Program(t, "pre-commit")
	tooltest.Program(t, "git")
	dir := t.TempDir()
	hooks, work := filepath.Join(dir, "hooks"), filepath.Join(dir, "work")
	in := func(repository string, command ...string) (string, error) {
		c := exec.Command(command[0], command[1:]...)
		c.Dir = repository
		c.Env = append(
			os.Environ(), "HOME="+dir, "PRE_COMMIT_HOME="+filepath.Join(dir, "cache"), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
		)
		out, err := c.CombinedOutput()
		return string(out), err
	}
	must := func(repository string, command ...string) {
		t.Helper()
		if out, err := in(repository, command...); err != nil {
			t.Fatalf("%q: %v\n%s", command, err, out)
		}
	}
	write := func(file, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	manifest, err := os.ReadFile("../.pre-commit-hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	write(filepath.Join(hooks, ".pre-commit-hooks.yaml"), string(manifest))
	must(hooks, "pre-commit", "validate-manifest", ".pre-commit-hooks.yaml")
	must(hooks, "git", "init", "-q")
	must(hooks, "git", "add", ".")
	must(hooks, "git", "commit", "-qm", "hooks")
	must(hooks, "git", "tag", "v1")

	write(filepath.Join(work, ".pre-commit-config.yaml"), "repos:\n- repo: "+hooks+"\n  rev: v1\n  hooks:\n  - id: jwt-scan-system\n")
	must(work, "git", "init", "-q")
	must(work, "pre-commit", "install")
	write(filepath.Join(work, "a file.txt"), "no token\n")
	must(work, "git", "add", ".")
	if out, err := in(work, "git", "commit", "-m", "without"); err != nil || !strings.Contains(out, "Passed") {
		t.Fatalf("without a token: %v\n%s", err, out)
	}
	token := made(t, "a secret of more than thirty-two bytes", "sign", `{"sub":"alice"}`, "-S", "-", "-q")
	write(filepath.Join(work, "a file.txt"), "token = "+token+"\n")
	write(filepath.Join(work, "--help"), "a name that is no flag\n")
	must(work, "git", "add", ".")
	out, err := in(work, "git", "commit", "-m", "with")
	if err == nil || !strings.Contains(out, "a file.txt:1:") || strings.Contains(out, token) {
		t.Fatalf("with a token: %v\n%s", err, out)
	}
	// A file of the name of stdin is not passed over.
	write(filepath.Join(work, "a file.txt"), "no token\n")
	write(filepath.Join(work, "-"), "token = "+token+"\n")
	must(work, "git", "add", ".")
	if out, err := in(work, "git", "commit", "-m", "with"); err == nil || !strings.Contains(out, "./- is the file") {
		t.Fatalf("with a token in a file named -: %v\n%s", err, out)
	}
	if out, _ := in(work, "git", "log", "--format=%s"); out != "without\n" {
		t.Errorf("commits: %s", out)
	}
}

// TestGitLab runs the script of the GitLab template in a directory with a token and in one without.
func TestGitLab(t *testing.T) {
	t.Parallel()
	var template struct {
		Variables map[string]string
		Job       struct {
			Stage, Image string
			Before       []string `yaml:"before_script"`
			Script       []string
			Artifacts    struct{ Paths []string }
		} `yaml:"jwt-scan"`
	}
	readYAML(t, "../packaging/gitlab/jwt.gitlab-ci.yml", &template)
	if len(template.Job.Script) == 0 || len(template.Job.Before) == 0 || template.Job.Stage != "test" {
		t.Fatalf("%+v", template)
	}
	for _, tt := range []struct {
		name, text string
		fails      bool
	}{
		{"with a token", made(t, "a secret of more than thirty-two bytes", "sign", `{"sub":"alice"}`, "-S", "-", "-q"), true},
		{"without", "no token", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "file.txt"), []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			c := exec.Command("sh", "-euc", strings.Join(template.Job.Script, "\n"))
			c.Dir, c.Env = dir, os.Environ()
			for name, value := range template.Variables {
				c.Env = append(c.Env, name+"="+value)
			}
			out, err := c.CombinedOutput()
			if (err != nil) != tt.fails || tt.fails && !strings.Contains(string(out), "file.txt:1:1") {
				t.Errorf("%v\n%s", err, out)
			}
			for _, path := range template.Job.Artifacts.Paths {
				if text, err := os.ReadFile(filepath.Join(dir, path)); err != nil || !json.Valid(text) {
					t.Errorf("%s: %v, %s", path, err, text)
				}
			}
		})
	}
}
