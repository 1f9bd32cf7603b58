package show

import (
	"bytes"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

func degraded() *repliv1.RecommendResponse {
	return &repliv1.RecommendResponse{
		Tier: repliv1.Tier_TIER_SIMPLE,
		Items: []*repliv1.Item{
			{ItemId: "i-1", Score: 0.5, Source: repliv1.Source_SOURCE_TRENDING},
			{ItemId: "i-2", Score: 0.25, Source: repliv1.Source_SOURCE_POPULAR},
		},
		Degradations: []*repliv1.Degradation{
			{
				Component: repliv1.Component_COMPONENT_FEATURE_STORE, Reason: repliv1.Reason_REASON_SOFT_DEADLINE,
				Granted: durationpb.New(20 * time.Millisecond), Spent: durationpb.New(20*time.Millisecond + 4321),
			},
			{Component: repliv1.Component_COMPONENT_RANKING, Reason: repliv1.Reason_REASON_SKIPPED_DEPENDENCY},
		},
		Segment: "family",
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		response *repliv1.RecommendResponse
		want     string
	}{
		{"degraded", degraded(), `  SIMPLE       in  21.50 ms, segment family
  because feature store: soft deadline (granted 20ms, spent 20ms)
  because ranking: skipped dependency
    1. i-1                0.5000  trending
    2. i-2                0.2500  popular
`},
		{
			"personal",
			&repliv1.RecommendResponse{
				Tier: repliv1.Tier_TIER_PERSONALIZED, Model: "m/1", NewUser: true,
				Coverage: &repliv1.Coverage{Candidates: 200, Scored: 200},
			},
			"  PERSONALIZED in  21.50 ms, m/1 scored 200 of 200 candidates, new user\n  no items are known\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := Answer(&b, test.response, 21500*time.Microsecond); err != nil {
				t.Fatal(err)
			}
			if got := b.String(); got != test.want {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := Line(&b, degraded(), time.Millisecond); err != nil {
		t.Fatal(err)
	}
	want := "SIMPLE       in   1.00 ms, segment family  i-1 i-2  feature store soft deadline, ranking skipped dependency\n"
	if got := b.String(); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

func TestJSONIsOneStableLine(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := JSON(&b, &repliv1.RecommendResponse{Tier: repliv1.Tier_TIER_STATIC}); err != nil {
		t.Fatal(err)
	}
	want := `{"items":[],"tier":"TIER_STATIC","degradations":[],"coverage":null,"recommendationId":"","model":"",` +
		`"snapshotTime":null,"newUser":false,"segment":"","qualityFactor":0,"debug":null}` + "\n"
	if got := b.String(); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}
