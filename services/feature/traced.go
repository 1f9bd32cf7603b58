package feature

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/cache"
	"github.com/repli-mesh/repli/pkg/telemetry/trail"
)

// cacheStates are what the span of a look into the rows in memory says; an error leaves none.
var cacheStates = [...][]attribute.KeyValue{
	0: {attribute.String("repli.cache.state", "none")}, cache.Hit: {attribute.String("repli.cache.state", "hit")},
	cache.Loaded: {attribute.String("repli.cache.state", "loaded")}, cache.Stale: {attribute.String("repli.cache.state", "stale")},
}

// cached starts the span of a look into the rows in memory.
func (r *report) cached(ctx context.Context) (context.Context, trace.Span) {
	return r.tracer.Start(ctx, "feature.cache.get") //nolint:spancheck // the caller ends it
}

// The reasons why a row is less than it might be, in the words of the gateway.
var (
	staleFeatures = attribute.String("repli.degradation.reason", "stale_features")
	outsideMaxAge = attribute.String("repli.degradation.reason", "outside_max_age")
	viewsNotRead  = attribute.String("repli.degradation.reason", "views_not_read")
)

// traced has the trace of a row that is less than it might be kept, and says on its span why.
func traced(ctx context.Context, row *featurev1.GetUserResponse) {
	var reason attribute.KeyValue
	switch {
	case row.GetStale():
		reason = staleFeatures
	case len(row.GetUnreadableViews()) > 0:
		reason = viewsNotRead
	case len(row.GetOutsideMaxAgeViews()) > 0:
		reason = outsideMaxAge
	default:
		return
	}
	if trail.Keep(ctx); trace.SpanContextFromContext(ctx).IsSampled() {
		trace.SpanFromContext(ctx).SetAttributes(reason)
	}
}

// detached are the options of a span for work that goes on after the request that caused it: a trace of its own, with a link to
// the request's.
func detached(ctx context.Context) []trace.SpanStartOption {
	return []trace.SpanStartOption{trace.WithNewRoot(), trace.WithLinks(trace.LinkFromContext(ctx))}
}
