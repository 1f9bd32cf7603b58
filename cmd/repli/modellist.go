package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

func newModelList() *cobra.Command {
	address, timeout := "localhost:9020", 5*time.Second
	cmd := &cobra.Command{
		Use: "list", Short: "Print the versions in a running ranking service's registry, and what each is used for",
		Long: `Print the versions in a running ranking service's registry, highest first: serving, previous (in memory), canary, shadow,
refused, or available. The files SERVING, CANARY and SHADOW in the registry change that, for all replicas alike.`,
		Example: "  repli model list --address localhost:9020",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return listModels(cmd, address, timeout)
		},
	}
	cmd.Flags().StringVar(&address, "address", address, "the ranking service, as host:port or a gRPC target")
	cmd.Flags().DurationVar(&timeout, "timeout", timeout, "how long to wait for its answer")
	return cmd
}

func listModels(cmd *cobra.Command, address string, timeout time.Duration) error {
	if timeout <= 0 {
		return misuse(fmt.Errorf("--timeout: is %v, expected more than 0s", timeout))
	}
	response, err := askModels(cmd, address, timeout)
	if err != nil {
		return err
	}
	return printModels(cmd.OutOrStdout(), response)
}

func askModels(cmd *cobra.Command, address string, timeout time.Duration) (*rankingv1.ListModelsResponse, error) {
	cfg := rpc.ClientDefaults()
	cfg.Target = address
	if !strings.Contains(address, "://") {
		cfg.Target = "dns:///" + address
	}
	connection, err := rpc.Dial(cfg, rpc.ClientDeps{Signals: telemetry.Discard()})
	if err != nil {
		return nil, misuse(fmt.Errorf("--address: is %q, expected host:port or a gRPC target: %w", address, err))
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
	defer cancel()
	response, err := rankingv1.NewRankingServiceClient(connection).ListModels(ctx, &rankingv1.ListModelsRequest{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, readable(err))
	}
	return response, nil
}

// printModels writes a line for each version, and why those are refused that are.
func printModels(out io.Writer, response *rankingv1.ListModelsResponse) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "VERSION\tSTATE\tMODEL\tTRAINED\tENGINE\tSHA256")
	for _, m := range response.GetModels() {
		trained := "-"
		if m.GetTrainedAt() != nil {
			trained = m.GetTrainedAt().AsTime().UTC().Format(time.RFC3339)
		}
		model := ""
		if m.GetName() != "" {
			model = m.GetName() + "/" + m.GetVersion()
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%.12s\n", dash(m.GetFolder()), stateOf(m), dash(model), trained, dash(m.GetEngine()),
			dash(m.GetSha256()))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, m := range response.GetModels() {
		if reason := m.GetRefusedReason(); reason != "" {
			if _, err := fmt.Fprintf(out, "%s is refused: %s\n", m.GetFolder(), strings.ReplaceAll(reason, "\n", "\n  ")); err != nil {
				return err
			}
		}
	}
	return nil
}

// stateOf is what a version is used for, in words.
func stateOf(m *rankingv1.RegisteredModel) string {
	var words []string
	for _, state := range m.GetStates() {
		word := strings.ToLower(strings.TrimPrefix(state.String(), "MODEL_STATE_"))
		switch state {
		case rankingv1.ModelState_MODEL_STATE_CANARY:
			word += fmt.Sprintf(" %v%%", m.GetCanaryPercent())
		case rankingv1.ModelState_MODEL_STATE_SHADOW:
			word += fmt.Sprintf(" %v%%", m.GetShadowPercent())
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// dash stands for what is not known.
func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
