package controllers_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// promtool runs Prometheus' own checker in config/prometheus. PROMTOOL in the
// environment names another program than the one on PATH.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	name := "promtool"
	if named := os.Getenv("PROMTOOL"); named != "" {
		name = named
	}
	program, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("REQUIRE_PROMTOOL") == "1" {
			t.Fatal("no promtool, and REQUIRE_PROMTOOL=1 asks for it: install the package prometheus, or name the program in PROMTOOL")
		}
		t.Skip("no promtool: install the package prometheus, or name the program in PROMTOOL, to run this test")
	}
	command := exec.CommandContext(t.Context(), program, args...)
	command.Dir = prometheusFile("")
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func prometheusFile(name string) string {
	return filepath.Join(testkit.Repository(), "config", "prometheus", name)
}

// ruleGroups are alerts as Prometheus reads them.
type ruleGroups struct {
	Groups []struct {
		Name  string `json:"name"`
		Rules []struct {
			Alert       string            `json:"alert"`
			Expr        string            `json:"expr"`
			For         string            `json:"for"`
			Labels      map[string]string `json:"labels"`
			Annotations map[string]string `json:"annotations"`
		} `json:"rules"`
	} `json:"groups"`
}

func alerts(t *testing.T) ruleGroups {
	t.Helper()
	content, err := os.ReadFile(prometheusFile("rules.yaml"))
	must(t, err)
	var groups ruleGroups
	must(t, yaml.UnmarshalStrict(content, &groups))
	return groups
}

func TestDeploy_AlertsFireWhenTheyShould(t *testing.T) {
	t.Parallel()
	promtool(t, "check", "rules", "rules.yaml")
	promtool(t, "test", "rules", "rules_test.yaml")
}

func TestDeploy_TheOperatorGetsTheSameAlerts(t *testing.T) {
	t.Parallel()
	rule := find[struct {
		metav1.TypeMeta   `json:",inline"`
		metav1.ObjectMeta `json:"metadata"`
		Spec              ruleGroups `json:"spec"`
	}](t, render(t, "prometheus"), "PrometheusRule", "rollcall")
	if diff := cmp.Diff(alerts(t), rule.Spec); diff != "" {
		t.Errorf("prometheusrule.yaml is not rules.yaml (-rules.yaml +prometheusrule.yaml):\n%s", diff)
	}
}

// Whoever is woken by an alert finds what to do, and every alert was seen to fire.
func TestDeploy_EveryAlertIsExplainedAndTried(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile(filepath.Join(testkit.Repository(), "docs", "metrics.md"))
	must(t, err)
	tried, err := os.ReadFile(prometheusFile("rules_test.yaml"))
	must(t, err)
	for _, group := range alerts(t).Groups {
		for _, rule := range group.Rules {
			if !strings.Contains(string(document), "\n### "+rule.Alert+"\n") {
				t.Errorf("docs/metrics.md does not say what to do about %s", rule.Alert)
			}
			if !strings.HasSuffix(rule.Annotations["runbook_url"], "#"+strings.ToLower(rule.Alert)) {
				t.Errorf("the runbook_url of %s leads elsewhere", rule.Alert)
			}
			if !regexp.MustCompile(`alertname: ` + rule.Alert + `\n\s+exp_alerts:`).Match(tried) {
				t.Errorf("rules_test.yaml never sees %s fire", rule.Alert)
			}
		}
	}
}

// expressions are all that rules and dashboard ask Prometheus for.
func expressions(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, group := range alerts(t).Groups {
		for _, rule := range group.Rules {
			all = append(all, rule.Expr)
		}
	}
	content, err := os.ReadFile(prometheusFile("dashboard.json"))
	must(t, err)
	var dashboard struct {
		Panels []struct {
			Type    string `json:"type"`
			Title   string `json:"title"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	must(t, json.Unmarshal(content, &dashboard))
	for _, panel := range dashboard.Panels {
		if panel.Type != "row" && len(panel.Targets) == 0 {
			t.Errorf("the panel %q shows nothing", panel.Title)
		}
		for _, target := range panel.Targets {
			all = append(all, target.Expr)
		}
	}
	return all
}

var (
	metricName = regexp.MustCompile(`\b(?:rollcall|controller_runtime|workqueue|rest_client|process|go)_[a-z0-9_]+`)
	// selection is a metric of which one label has to have a certain value.
	selection = regexp.MustCompile(`\b([a-z_]+)\{([a-z]+)="([^"]+)"\}`)
	// exportedRow begins a row of the table in docs/metrics.md.
	exportedRow = regexp.MustCompile("(?m)^\\| `(rollcall_[a-z_]+)` \\|")
	// exportedType is what /metrics says about a metric of ours before its values.
	exportedType = regexp.MustCompile(`(?m)^# TYPE (rollcall_[a-z_]+) `)
)

// missing says what is asked for and not exported.
func missing(exported string, asked []string) []string {
	var lack []string
	for _, expression := range asked {
		for _, name := range metricName.FindAllString(expression, -1) {
			if !strings.Contains(exported, "\n"+name+"{") && !strings.Contains(exported, "\n"+name+" ") {
				lack = append(lack, name)
			}
		}
		for _, s := range selection.FindAllStringSubmatch(expression, -1) {
			if !regexp.MustCompile(`(?m)^` + s[1] + `\{[^}]*\b` + s[2] + `="` + s[3] + `"`).MatchString(exported) {
				lack = append(lack, s[0])
			}
		}
	}
	slices.Sort(lack)
	return slices.Compact(lack)
}

// Everything that rules and dashboard name is exported by the program after an
// hour's work, and docs/metrics.md lists exactly what is.
func TestPromise_EveryMetricThatIsNamedIsExported(t *testing.T) {
	w := newWorld(t)
	address := freeAddress(t)
	for i, arg := range w.manager.args {
		if arg == "--metrics-bind-address" {
			w.manager.args[i+1] = address
		}
	}
	w.start()
	w.settled()
	ada := user("ada", "ada@example.com")
	w.create(ada)
	w.person().accept(w.mailTo("ada@example.com").Link, "Ada Lovelace")
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)

	exported, asked := "", expressions(t)
	w.eventually("everything is exported", func() (bool, string) {
		exported = w.scrape("http://" + address + "/metrics")
		lack := missing(exported, asked)
		return len(lack) == 0, strings.Join(lack, "\n")
	})
	if strings.Contains(exported, "ada@example.com") || strings.Contains(exported, "sunrise") {
		t.Error("a person or an organization is in a metric")
	}
	document, err := os.ReadFile(filepath.Join(testkit.Repository(), "docs", "metrics.md"))
	must(t, err)
	if diff := cmp.Diff(firsts(exportedRow, string(document)), firsts(exportedType, exported)); diff != "" {
		t.Errorf("docs/metrics.md is not what is exported (-documented +exported):\n%s", diff)
	}
}

func (w *world) scrape(url string) string {
	w.Helper()
	text, err := fetch(w.ctx, url)
	must(w.T, err)
	return text
}

// fetch is what a server answers with.
func fetch(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// firsts are the first groups of all matches, sorted.
func firsts(pattern *regexp.Regexp, text string) []string {
	var all []string
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		all = append(all, match[1])
	}
	slices.Sort(all)
	return slices.Compact(all)
}
