package fleet

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// write writes the table and the pictures of the guide in both languages.
func write(t *testing.T, results map[fleet]counts, processes, rates []int) {
	t.Helper()
	for name, text := range map[string]string{
		"RESULTS.md":              table(results, processes, rates),
		"../../docs/fleet.svg":    picture(results, processes, rates, english),
		"../../docs/zh/fleet.svg": picture(results, processes, rates, chinese),
	} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	}
}

// table returns the results as a document.
func table(results map[fleet]counts, processes, rates []int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# What tokens cost a fleet

Written by `+"`go test -update`"+`. A simulation of %v hours on a virtual clock: all processes start at once, call at a steady
rate, and share tokens as the first column says. A fetch takes %d ms, a command %d ms. Each process also calls the platform for real every
%v minutes; none of those calls failed.

| tokens | processes | calls a second | token requests an hour | Redis commands an hour | the same, per process | commands in the busiest second |
|---|---|---|---|---|---|---|
`, simulated.Hours(), fetchTime.Milliseconds(), redisLatency.Milliseconds(), checkEvery.Minutes())
	for _, s := range []setup{stable, classic, withoutRedis} {
		for _, n := range processes {
			for _, rate := range rates {
				c := results[fleet{s, n, rate}]
				fmt.Fprintf(&b, "| %s | %s | %s | %.2f | %.1f | %.2f | %s |\n", s, group(n), group(rate),
					c.fetchesPerHour(), c.commandsPerHour(), c.commandsPerHour()/float64(n), group(c.peak))
			}
		}
	}
	return b.String()
}

// group returns a number with a comma for the thousands.
func group(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", group(n/1000), n%1000)
}

// words are those of a picture.
type words struct {
	title, x, y, rates        string
	commands, alone, shared   string
	stableQuota, classicQuota string
}

var (
	english = words{
		"What tokens cost a fleet", "processes", "an hour", "Three points at each size: 1, 100 and 10,000 calls a second",
		"commands to Redis", "token requests without Redis", "token requests with Redis",
		"quota of stable tokens: 500,000 a day", "quota of classic tokens: 2,000 a day",
	}
	chinese = words{
		"多台服务器的凭据开销", "进程数", "每小时", "每种规模有三个点：每秒 1、100、10,000 次调用",
		"Redis 命令", "没有 Redis 时获取凭据的次数", "有 Redis 时获取凭据的次数",
		"稳定版凭据的额度：每天 500,000 次", "普通凭据的额度：每天 2,000 次",
	}
)

// The picture has logarithmic axes.
const (
	left, top, width, height = 70, 56, 560, 330
	low, high                = 0.1, 100_000.0
)

func xOf(processes int) float64 { return left + 20 + math.Log10(float64(processes))/3*(width-40) }

func yOf(perHour float64) float64 {
	return top + height*(1-math.Log10(perHour/low)/math.Log10(high/low))
}

// picture returns the curves as an SVG document.
func picture(results map[fleet]counts, processes, rates []int, w words) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="910" height="450" viewBox="0 0 910 450" role="img">
  <title>%s</title>
  <style>
    text { font: 14px -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "WenQuanYi Micro Hei", sans-serif; fill: #1f2328 }
    .small { font-size: 12px; fill: #59636e }
    .head { font-weight: 600 }
    .page { fill: #ffffff }
    .grid { fill: none; stroke: #d1d9e0 }
    .quota { fill: none; stroke: #8c959f; stroke-dasharray: 4 4 }
    .commands { fill: none; stroke: #bc4c00; stroke-width: 2 }
    .alone { fill: none; stroke: #8250df; stroke-width: 2 }
    .shared { fill: none; stroke: #1a7f37; stroke-width: 2 }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc }
      .small { fill: #9198a1 }
      .page { fill: #0d1117 }
      .grid { stroke: #3d444d }
      .quota { stroke: #656c76 }
      .commands { stroke: #db6d28 }
      .alone { stroke: #ab7df8 }
      .shared { stroke: #3fb950 }
    }
  </style>
  <rect class="page" width="910" height="450" rx="8"/>
  <text class="head" x="%d" y="26">%s</text>
  <text class="small" x="%d" y="46">%s</text>
`, w.title, left, w.title, left, w.rates)
	for v := low; v <= high; v *= 10 {
		label := strconv.FormatFloat(v, 'g', 1, 64)
		if v > 0.5 {
			label = group(int(math.Round(v)))
		}
		fmt.Fprintf(&b, "  <path class=\"grid\" d=\"M%d %.0fH%d\"/>\n  <text class=\"small\" x=\"%d\" y=\"%.0f\" text-anchor=\"end\">%s</text>\n",
			left, yOf(v), left+width, left-8, yOf(v)+4, label)
	}
	for _, n := range processes {
		fmt.Fprintf(&b, "  <text class=\"small\" x=\"%.0f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", xOf(n), top+height+20, group(n))
	}
	fmt.Fprintf(&b, "  <text class=\"small\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", left+width/2, top+height+42, w.x)
	fmt.Fprintf(&b, "  <text class=\"small\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", left-8, top-18, w.y)
	for _, q := range []struct {
		perDay float64
		label  string
	}{{500_000, w.stableQuota}, {2_000, w.classicQuota}} {
		y := yOf(q.perDay / 24)
		fmt.Fprintf(&b, "  <path class=\"quota\" d=\"M%d %.0fH%d\"/>\n  <text class=\"small\" x=\"%d\" y=\"%.0f\">%s</text>\n", left, y, left+width, left+width+10, y+4, q.label)
	}
	for _, line := range []struct {
		class, label string
		setup        setup
		of           func(counts) float64
	}{
		{"commands", w.commands, stable, counts.commandsPerHour},
		{"alone", w.alone, withoutRedis, counts.fetchesPerHour},
		{"shared", w.shared, stable, counts.fetchesPerHour},
	} {
		var points []string
		for _, n := range processes {
			points = append(points, fmt.Sprintf("%.1f %.1f", xOf(n), yOf(line.of(results[fleet{line.setup, n, rates[len(rates)-1]}]))))
			for _, rate := range rates {
				fmt.Fprintf(&b, "  <circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n", line.class, xOf(n), yOf(line.of(results[fleet{line.setup, n, rate}])))
			}
		}
		last := yOf(line.of(results[fleet{line.setup, processes[len(processes)-1], rates[len(rates)-1]}]))
		fmt.Fprintf(&b, "  <path class=\"%s\" d=\"M%s\"/>\n  <text x=\"%d\" y=\"%.0f\">%s</text>\n", line.class, strings.Join(points, "L"), left+width+10, last+5, line.label)
	}
	b.WriteString("</svg>\n")
	return b.String()
}
