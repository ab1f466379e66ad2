package flow

import (
	"context"
	"crypto/rand"
	"net/url"
	"strconv"
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/verdict"
)

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

// A deviceCode is the answer to a device authorization request (RFC 8628 §3.2).
type deviceCode struct {
	code, page string
	interval   time.Duration
}

// poll returns the token request of a device.
func (d deviceCode) poll() url.Values {
	return url.Values{"grant_type": {deviceGrant}, "device_code": {d.code}}
}

// askDevice asks for the codes of a device.
func (p *provider) askDevice(ctx context.Context, name string) (deviceCode, answer, error) {
	form := url.Values{}
	if p.client.Scope != "" {
		form.Set("scope", p.client.Scope)
	}
	a, err := p.send(ctx, post{name: name, endpoint: p.meta.DeviceEndpoint, form: form, who: p.own})
	if err != nil {
		return deviceCode{}, a, err
	}
	text := func(name string) string { s, _ := a.members.Text(name); return s }
	d := deviceCode{code: text("device_code"), page: text("verification_uri_complete"), interval: 5 * time.Second}
	if d.page == "" {
		d.page = text("verification_uri")
	}
	if seconds, ok := number(a.members, "interval"); ok {
		d.interval = seconds
	}
	p.tokens.secrets.Add(d.code)
	return d, a, p.step(name, a, "")
}

// number returns a member that is a number of seconds.
func number(o jsonobject.Object, name string) (time.Duration, bool) {
	v, _ := o.Get(name)
	n, err := strconv.Atoi(string(v))
	return time.Duration(n) * time.Second, err == nil && n > 0 && n < 1<<31
}

// judgeDevice judges the answer to a device authorization request.
func (p *provider) judgeDevice(a answer) {
	if !a.ok() {
		p.recordAnswer(a, DeviceAuthorization, asFailure(a), a.describe())
		return
	}
	for _, name := range []string{"device_code", "user_code", "verification_uri"} {
		if text, _ := a.members.Text(name); text == "" {
			p.fail(DeviceAuthorization, "no "+name)
			return
		}
	}
	if _, ok := number(a.members, "expires_in"); !ok {
		p.fail(DeviceAuthorization, "no expires_in")
		return
	}
	p.pass(DeviceAuthorization, a.describe())
}

// tryDevice plays a device whose user does not decide.
func (p *provider) tryDevice(ctx context.Context) error {
	rules := []string{DeviceAuthorization, DevicePending, DeviceCodeChecked}
	if !p.wants(rules...) {
		return nil
	}
	if p.meta.DeviceEndpoint == "" {
		p.inapplicable("the metadata names no device authorization endpoint", rules...)
		return nil
	}
	d, a, err := p.askDevice(ctx, "ask, a device")
	if err != nil {
		return err
	}
	if a.saysError && a.refused() == verdict.Pass && p.client.Flow != FlowDevice {
		p.inapplicable("the client may not use the device flow: "+a.describe(), rules...)
		return nil
	}
	p.judgeDevice(a)
	if d.code == "" {
		p.skipFor(a, "there is no device code: "+a.describe(), DevicePending, DeviceCodeChecked)
		return nil
	}
	return p.pollEarly(ctx, d)
}

// pollEarly polls before the user has decided, with the code of the device and with another.
func (p *provider) pollEarly(ctx context.Context, d deviceCode) error {
	a, err := p.ask(ctx, "ask, the user has not decided", deviceCode{code: d.code}.poll(), p.own)
	if err != nil {
		return err
	}
	status := a.notGranted()
	if code, _ := a.members.Text("error"); status == verdict.Pass && code != "authorization_pending" && code != "slow_down" {
		status = verdict.Fail
	}
	p.recordAnswer(a, DevicePending, status, a.describeGrant())
	a, err = p.ask(ctx, "ask, an invented device code", deviceCode{code: rand.Text() + rand.Text()}.poll(), p.own)
	if err == nil {
		p.recordAnswer(a, DeviceCodeChecked, a.notGranted(), a.describeGrant())
	}
	return err
}

// loginByDevice lets the user decide, and polls (RFC 8628 §3.4).
func (p *provider) loginByDevice(ctx context.Context, name string) (answer, error) {
	d, a, err := p.askDevice(ctx, name+", a device")
	if err != nil || d.code == "" || d.page == "" {
		return a, err
	}
	filled, err := p.approve(ctx, d)
	if err != nil {
		return a, err
	}
	if !filled && p.client.Visit != nil {
		if _, err := p.client.Visit(ctx, d.page); err != nil {
			a.err = err
			return a, interrupted(ctx)
		}
	}
	const polls = 120
	for range polls {
		a, err = p.send(ctx, post{name: name, endpoint: p.meta.TokenEndpoint, form: d.poll(), who: p.own})
		if err != nil {
			return a, err
		}
		switch code, _ := a.members.Text("error"); code {
		case "slow_down":
			d.interval += 5 * time.Second
		case "authorization_pending":
		default:
			return p.judgeLogin(a), nil
		}
		if err := p.pause(ctx, d.interval); err != nil {
			return a, err
		}
	}
	return a, nil
}

// approve fills in the pages of the local server. It reports whether they were its pages.
func (p *provider) approve(ctx context.Context, d deviceCode) (bool, error) {
	if !p.isSafe(d.page) {
		return false, nil
	}
	name, filled := "the page of the device", false
	build := getting(d.page)
	for range maxPages {
		a, err := p.openOne(ctx, name, build)
		if err != nil {
			return filled, err
		}
		if to := location(a); to != nil {
			name, build = "follow", getting(to.String())
			continue
		}
		form, known := p.localForm(a)
		if !known {
			return filled, nil
		}
		name, build, filled = form.name, form.request, true
	}
	return filled, nil
}
