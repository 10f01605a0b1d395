// Command dashboard decodes the dashboard of Grafana on its standard input strictly, by Grafana's own types, and writes its
// queries as JSON: an array of objects with `panel`, `expr` and `legend`. A field that Grafana does not know is an error.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

type query struct {
	Panel  string `json:"panel"`
	Expr   string `json:"expr"`
	Legend string `json:"legend"`
}

func main() {
	plugins.RegisterDefaultPlugins()
	text, err := io.ReadAll(os.Stdin)
	var queries []query
	if err == nil {
		queries, err = decode(text)
	}
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(queries)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func decode(text []byte) ([]query, error) {
	var strict, decoded dashboard.Dashboard
	// It returns an empty error if there is none, and no panels.
	if err := strict.UnmarshalJSONStrict(text); err != nil && err.Error() != "" {
		return nil, err
	}
	if err := json.Unmarshal(text, &decoded); err != nil {
		return nil, err
	}
	if err := decoded.Validate(); err != nil && err.Error() != "" {
		return nil, err
	}
	var queries []query
	panels := map[uint32]string{}
	for _, entry := range decoded.Panels {
		if entry.RowPanel != nil {
			if err := unique(panels, entry.RowPanel.Id, *entry.RowPanel.Title); err != nil {
				return nil, err
			}
			continue
		}
		panel := entry.Panel
		if err := unique(panels, *panel.Id, *panel.Title); err != nil {
			return nil, err
		}
		// The types above take every name here.
		if _, ok := cog.ConfigForPanelcfgVariant(panel.Type); !ok {
			return nil, fmt.Errorf("panel %q: unknown type %q", *panel.Title, panel.Type)
		}
		for _, target := range panel.Targets {
			of, ok := target.(*prometheus.Dataquery)
			if !ok {
				return nil, fmt.Errorf("panel %q: not a query of Prometheus: %T", *panel.Title, target)
			}
			legend := ""
			if of.LegendFormat != nil {
				legend = *of.LegendFormat
			}
			queries = append(queries, query{*panel.Title, of.Expr, legend})
		}
	}
	if len(queries) == 0 {
		return nil, errors.New("no queries")
	}
	return queries, nil
}

// unique records the identifier of a panel, which no other may have.
func unique(panels map[uint32]string, id uint32, title string) error {
	if other, ok := panels[id]; ok {
		return fmt.Errorf("panels %q and %q have the number %d", other, title, id)
	}
	panels[id] = title
	return nil
}
