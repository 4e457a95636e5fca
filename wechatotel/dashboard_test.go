package wechatotel_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/callback"
	"github.com/wechatoa/wechat/wechatotel"
)

// exported returns the names of all metrics in Prometheus, with the names of their labels.
func exported(t *testing.T) map[string][]string {
	t.Helper()
	registry := prometheus.NewRegistry()
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(registry))
	require.NoError(t, err)
	to := wechatotel.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(exporter)))
	attempt := wechatotel.ClientObserver(to)
	for n := range 2 {
		attempt(t.Context(), wechat.Attempt{Method: "GET", Path: "/a", Number: n + 1, Code: wechat.ErrSystemBusy, Start: time.Now(), Duration: time.Second})
	}
	observe := wechatotel.HandlerObserver(to)
	for _, outcome := range []callback.Outcome{
		callback.OutcomeReplied, callback.OutcomeGone, callback.OutcomeFailed, callback.OutcomeStuck, callback.OutcomeLost, callback.OutcomeFault,
	} {
		observe(t.Context(), callback.Observation{Kind: "text", Outcome: outcome, Start: time.Now(), Duration: time.Second})
	}

	families, err := registry.Gather()
	require.NoError(t, err)
	all := map[string][]string{}
	for _, f := range families {
		var labels []string
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName())
			}
			if m.GetHistogram() != nil {
				labels = append(labels, "le")
			}
		}
		all[f.GetName()] = labels
	}
	return all
}

var (
	metricName = regexp.MustCompile(`\bwechat_(?:client|callback)_\w+`)
	matchers   = regexp.MustCompile(`(\w+)(?:=~|!=|=)"`)
	grouping   = regexp.MustCompile(`by \(([^)]*)\)`)
	ofSeries   = regexp.MustCompile(`_seconds_(count|sum|bucket)$`)
)

// TestTheDashboardShowsAllMetricsAndNoOthers compares docs/grafana.json with what the
// Prometheus exporter of OpenTelemetry makes of the metrics.
func TestTheDashboardShowsAllMetricsAndNoOthers(t *testing.T) {
	metrics := exported(t)
	delete(metrics, "target_info")
	text, err := os.ReadFile("../docs/grafana.json")
	require.NoError(t, err)
	var dashboard struct {
		Panels []struct {
			ID      int
			Type    string
			Targets []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(text, &dashboard))

	shown, ids := map[string]bool{}, map[int]bool{}
	for _, panel := range dashboard.Panels {
		assert.False(t, ids[panel.ID], "panel %d is there twice", panel.ID)
		ids[panel.ID] = true
		assert.Equal(t, panel.Type == "row", len(panel.Targets) == 0)
		for _, target := range panel.Targets {
			names := metricName.FindAllString(target.Expr, -1)
			require.NotEmpty(t, names, target.Expr)
			labels := []string{"job"} // of the scrape
			for _, name := range names {
				name = ofSeries.ReplaceAllString(name, "_seconds")
				require.Contains(t, metrics, name, target.Expr)
				shown[name] = true
				labels = append(labels, metrics[name]...)
			}
			for _, m := range matchers.FindAllStringSubmatch(target.Expr, -1) {
				assert.Contains(t, labels, m[1], target.Expr)
			}
			for _, m := range grouping.FindAllStringSubmatch(target.Expr, -1) {
				assert.Subset(t, labels, strings.Split(m[1], ", "), target.Expr)
			}
			assert.Equal(t, strings.Count(target.Expr, "("), strings.Count(target.Expr, ")"), target.Expr)
		}
	}
	assert.Equal(t, slices.Sorted(maps.Keys(metrics)), slices.Sorted(maps.Keys(shown)))
	for _, name := range metricName.FindAllString(string(text), -1) {
		assert.Contains(t, metrics, ofSeries.ReplaceAllString(name, "_seconds"))
	}
}
