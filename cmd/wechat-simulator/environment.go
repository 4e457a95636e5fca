package main

import (
	"fmt"
	"io"
	"strings"
)

// noProxy lists the addresses that programs reach without the proxy: the simulator and
// their own callbacks.
const noProxy = "127.0.0.1,localhost,::1"

// variable is an environment variable for the program under test.
type variable struct{ name, value string }

// account returns the variables for programs whose base URL can be set.
func (s *simulator) account() []variable {
	if s.upstream != nil { // the account is the user's own
		return []variable{{"WECHAT_BASE_URL", s.url}}
	}
	p := s.current()
	settings := p.CallbackSettings()
	list := []variable{
		{"WECHAT_BASE_URL", s.url},
		{"WECHAT_APP_ID", p.AppID},
		{"WECHAT_APP_SECRET", s.secret()},
		{"WECHAT_ORIGINAL_ID", p.OriginalID},
		{"WECHAT_TOKEN", settings.Token},
		{"WECHAT_AES_KEY", settings.EncodingAESKey},
		{"WECHAT_SIMULATOR_URL", s.url + strings.TrimSuffix(prefix, "/")},
	}
	if s.set.password != "" {
		list = append(list, variable{passwordVariable, s.set.password})
	}
	return list
}

// proxied returns the variables that send a program whose hosts are fixed through the
// proxy, and make it trust the simulated hosts. Programs read HTTP_PROXY in upper or
// lower case.
func (s *simulator) proxied() []variable {
	return []variable{
		{"HTTP_PROXY", s.url},
		{"http_proxy", s.url},
		{"HTTPS_PROXY", s.url},
		{"https_proxy", s.url},
		{"NO_PROXY", noProxy},
		{"no_proxy", noProxy},
		{"SSL_CERT_FILE", s.caFile},
		{"REQUESTS_CA_BUNDLE", s.caFile},
		{"CURL_CA_BUNDLE", s.caFile},
		{"NODE_EXTRA_CA_CERTS", s.caFile},
		{"NODE_USE_ENV_PROXY", "1"},
	}
}

// variables returns all variables. With an upstream the proxy is not among them: a program
// of the user's own account calls hosts that it refuses.
func (s *simulator) variables() []variable {
	if s.upstream != nil {
		return s.account()
	}
	return append(s.account(), s.proxied()...)
}

// environment returns all variables in the form of [os/exec].
func (s *simulator) environment() []string {
	var all []string
	for _, v := range s.variables() {
		all = append(all, v.name+"="+v.value)
	}
	return all
}

// describe prints where the page is, and the variables as shell commands.
func (s *simulator) describe(w io.Writer) {
	if s.upstream != nil {
		_, _ = fmt.Fprintf(w, "Calls are forwarded to %s and recorded in %s; there is no page\n"+
			"调用会转发到 %[1]s，并录制到 %[2]s；没有页面\n\n", s.upstream.base, s.set.record)
		s.describeElsewhere(w, "")
		export(w, s.account())
		return
	}
	_, _ = fmt.Fprintf(w, "Open the page 打开页面: %s\n", s.url+prefix)
	s.describeElsewhere(w, prefix)
	if s.set.password != "" {
		_, _ = fmt.Fprintf(w, "Password 密码: %s\n", s.set.password)
	}
	if s.demo != nil {
		_, _ = fmt.Fprintln(w, "A demo program answers there: send a message 演示程序已启动，发一条消息试试")
	}
	_, _ = fmt.Fprintln(w, "\n# The account, and the base URL for clients that let you set one 账号，以及接口的基础地址:")
	export(w, s.account())
	_, _ = fmt.Fprintf(w, "\n# For clients whose hosts are fixed 域名写死的客户端: a proxy that only reaches *.%s\n", domain)
	_, _ = fmt.Fprintln(w, "# Only in the terminal of your program: git, go and pip there would reach nothing else\n"+
		"# 只在运行您程序的终端中设置：该终端里的 git、go、pip 将无法访问其他域名")
	export(w, s.proxied())
}

// describeElsewhere prints the URLs of a path for other machines.
func (s *simulator) describeElsewhere(w io.Writer, path string) {
	for _, addr := range elsewhere(s.listener.Addr().String()) {
		_, _ = fmt.Fprintf(w, "From other machines 其他机器访问: http://%s\n", addr+path)
	}
}

func export(w io.Writer, list []variable) {
	for _, v := range list {
		_, _ = fmt.Fprintf(w, "export %s=%s\n", v.name, quoted(v.value))
	}
}

// quoted quotes a value for a POSIX shell if it needs to be.
func quoted(value string) string {
	plain := strings.IndexFunc(value, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,@%+=", r)
	}) < 0
	if plain && value != "" {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
