package page

import "html"

// A Form is what a page asks, and where its form leads to.
type Form struct {
	Action  string // address of the form
	Client  string // name of the client that asks
	User    string // who is logged in, or the user name that was typed
	Problem string // what was wrong with the last try; empty: nothing
}

// Login asks for user name and password.
func Login(f Form) Page {
	return Page{"Log in", warning(f.Problem) + `<p>to continue to <strong>` + html.EscapeString(f.Client) + `</strong></p>
` + f.open() + loginFields(f.User) + `<div class="buttons">
<button class="go" type="submit" name="action" value="login">Log in</button>
<button type="submit" name="action" value="cancel" formnovalidate>Cancel</button>
</div>
</form>
`}
}

// Consent asks whether the client may have what it asks for. target names the place to which the
// user returns.
func Consent(f Form, scope, target string) Page {
	return Page{"Allow access?", f.asks() + scopeList(scope) + `<p>You return to <strong>` + html.EscapeString(target) + `</strong>.</p>
` + f.open() + `<div class="buttons">
<button class="go" type="submit" name="action" value="allow">Allow</button>
<button type="submit" name="action" value="deny">Deny</button>
</div>
</form>
`}
}

// DeviceLogin asks for user name and password before the code.
func DeviceLogin(f Form) Page {
	return Page{"Log in", warning(f.Problem) + `<p>to connect a device</p>
` + f.open() + loginFields(f.User) + `<div class="buttons">
<button class="go" type="submit" name="action" value="login">Log in</button>
</div>
</form>
`}
}

// DeviceCode asks for the code that the device shows.
func DeviceCode(action, typed, problem string) Page {
	described := ""
	if problem != "" {
		described = ` aria-invalid="true" aria-describedby="error"`
	}
	return Page{"Connect a device", warning(problem) + `<form method="get" action="` + html.EscapeString(action) + `">
<label for="user_code">Code on the device</label>
<input class="code" id="user_code" name="user_code" type="text" autocomplete="off" autocapitalize="characters" spellcheck="false" required autofocus` + described + ` value="` + html.EscapeString(typed) + `">
<div class="buttons">
<button class="go" type="submit">Continue</button>
</div>
</form>
`}
}

// DeviceConsent asks whether the device may have access. It shows the code, also if the address had
// it: an attacker may have sent that address to the user (RFC 8628 §5.4).
func DeviceConsent(f Form, scope, code string) Page {
	code = html.EscapeString(code)
	return Page{"Connect this device?", f.asks() + scopeList(scope) + `<p>Does your device show this code?</p>
<p class="code">` + code + `</p>
<p>If someone sent you here, or you have no such device, deny.</p>
` + f.open() + `<input type="hidden" name="user_code" value="` + code + `">
<div class="buttons">
<button class="go" type="submit" name="action" value="allow">Allow</button>
<button type="submit" name="action" value="deny">Deny</button>
</div>
</form>
`}
}

// Logout asks whether to log out.
func Logout(f Form) Page {
	return Page{"Log out?", `<p>You are logged in as <strong>` + html.EscapeString(f.User) + `</strong>.</p>
` + f.open() + `<div class="buttons">
<button class="go" type="submit" name="action" value="logout">Log out</button>
<button type="submit" name="action" value="stay">Stay logged in</button>
</div>
</form>
`}
}

func (f Form) open() string {
	return `<form method="post" action="` + html.EscapeString(f.Action) + `">
`
}

func (f Form) asks() string {
	return `<p><strong>` + html.EscapeString(f.Client) + `</strong> asks for access to the account <strong>` + html.EscapeString(f.User) + `</strong>.</p>
`
}
