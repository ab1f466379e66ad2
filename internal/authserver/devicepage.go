package authserver

import (
	"errors"
	"html"
	"math"
	"net/http"
	"strconv"

	"jwt/internal/oauth"
)

// deviceLoginPage asks for user name and password before the code.
func (s *Server) deviceLoginPage(x *exchange, typed, user, problem string) error {
	return x.page(http.StatusOK, "Log in", warning(problem)+`<p>to connect a device</p>
<form method="post" action="`+html.EscapeString(devicePath+"/login"+deviceQuery(typed))+`">
`+loginFields(user)+`<div class="buttons">
<button class="go" type="submit" name="action" value="login">Log in</button>
</div>
</form>
`)
}

// deviceCodePage asks for the code that the device shows.
func deviceCodePage(x *exchange, typed, problem string) error {
	described := ""
	if problem != "" {
		described = ` aria-invalid="true" aria-describedby="error"`
	}
	return x.page(http.StatusOK, "Connect a device", warning(problem)+`<form method="get" action="`+devicePath+`">
<label for="user_code">Code on the device</label>
<input class="code" id="user_code" name="user_code" type="text" autocomplete="off" autocapitalize="characters" spellcheck="false" required autofocus`+described+` value="`+html.EscapeString(typed)+`">
<div class="buttons">
<button class="go" type="submit">Continue</button>
</div>
</form>
`)
}

// deviceFailed shows a refused code with the form to type another.
func (s *Server) deviceFailed(x *exchange, typed string, err error) error {
	var e *oauth.Error
	if !errors.As(err, &e) {
		return err
	}
	if e.RetryAfter > 0 {
		x.Answer.Header.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	if err := deviceCodePage(x, typed, e.Description); err != nil {
		return err
	}
	x.Status = e.Status
	return nil
}

// deviceConsentPage asks whether the device may have access. It shows the code, also if the
// address had it: an attacker may have sent that address to the user (RFC 8628 §5.4).
func (s *Server) deviceConsentPage(x *exchange, b browserLogin, d device) error {
	c, _ := s.Clients.Find(d.Client)
	return x.page(http.StatusOK, "Connect this device?", `<p><strong>`+html.EscapeString(c.Title())+`</strong> asks for access to the account <strong>`+html.EscapeString(b.User)+`</strong>.</p>
`+scopeList(d.Grant.Scope)+`<p>Does your device show this code?</p>
<p class="code">`+d.UserCode+`</p>
<p>If someone sent you here, or you have no such device, deny.</p>
<form method="post" action="`+devicePath+`">
<input type="hidden" name="user_code" value="`+d.UserCode+`">
<div class="buttons">
<button class="go" type="submit" name="action" value="allow">Allow</button>
<button type="submit" name="action" value="deny">Deny</button>
</div>
</form>
`)
}
