package ranking

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	"github.com/repli-mesh/repli/pkg/telemetry/trail"
)

// span starts a span of a part of a request. What is done for no request has none.
func (r *report) span(ctx context.Context, model *serving, name string) (context.Context, trace.Span) {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx, noop.Span{}
	}
	ctx, span := r.tracer.Start(ctx, name) //nolint:spancheck // the caller ends it
	span.SetAttributes(model.attributes...)
	return ctx, span //nolint:spancheck // as above
}

// traced has the trace of an answer kept that is about a part of the candidates or of the catalogue, and says on the request's
// span, if anybody will see it, what was ranked.
func traced(ctx context.Context, request *rankingv1.RankRequest, response *rankingv1.RankResponse) {
	if response == nil {
		return
	}
	candidates := len(request.GetCandidateItemIds()) + int(response.GetRetrieved())
	unscored := candidates - int(response.GetScored()) - int(response.GetUnknown())
	if unscored > 0 || response.GetScanned() < response.GetScannable() {
		trail.Keep(ctx)
	}
	span, ok := trail.Sampled(ctx)
	if !ok {
		return
	}
	span.SetAttributes(
		attribute.String("repli.model.version", response.GetModel()),
		attribute.Int("repli.candidates", candidates),
		attribute.Int("repli.candidates.scored", int(response.GetScored())),
	)
	switch { // the first of them, as on the gateway's span
	case unscored > 0:
		span.SetAttributes(attribute.String("repli.degradation.reason", "candidates_not_scored"))
	case response.GetScanned() < response.GetScannable():
		span.SetAttributes(attribute.String("repli.degradation.reason", "catalogue_not_searched"))
	}
}

// shed notes that a request was turned away because too many others wait.
func shed(ctx context.Context) { trace.SpanFromContext(ctx).AddEvent("repli.shed") }
