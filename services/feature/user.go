package feature

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

// GetUser reads every feature of one user in one read of the store. It returns when ctx is done, whatever the store does.
//
// Errors: fault.Unavailable with a reason that starts with STORE_ when the store fails; fault.Overloaded with STORE_BUSY
// when too many reads are under way; those of ctx.
func (s *Service) GetUser(ctx context.Context, request *featurev1.GetUserRequest) (*featurev1.GetUserResponse, error) {
	record, err := s.read(ctx, request.GetUserId())
	if err != nil {
		return nil, err
	}
	response := s.response(record)
	s.tally.count(ctx, response)
	return response, nil
}

func (s *Service) response(record store.Record) *featurev1.GetUserResponse {
	row := s.users.Pack(record)
	response := &featurev1.GetUserResponse{
		Status: featurev1.UserStatus_USER_STATUS_NOT_FOUND,
		Row: &featurev1.Row{
			SchemaFingerprint: s.users.Schema().GetFingerprint(),
			Numbers:           row.Numbers,
			Integers:          row.Integers,
			Texts:             row.Texts,
			Statuses:          row.Statuses,
		},
		Segment:            s.users.Segment(record),
		CandidateItemIds:   s.users.Candidates(record),
		OutsideMaxAgeViews: s.users.Outdated(record),
	}
	if oldest, found := record.Oldest(); found {
		response.Status = featurev1.UserStatus_USER_STATUS_FOUND
		response.EventTime = timestamppb.New(oldest)
	}
	return response
}
