package feast

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/twmb/murmur3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Field returns the name of the hash field of a feature: murmur3 (32 bits, seed 0) of "view:feature", little-endian.
func Field(view, feature string) string {
	var name [4]byte
	binary.LittleEndian.PutUint32(name[:], murmur3.StringSum32(view+":"+feature))
	return string(name[:])
}

// TimeField returns the name of the hash field that says when the values of a view were true.
func TimeField(view string) string {
	return "_ts:" + view
}

// EncodeTime returns the value of a TimeField: a google.protobuf.Timestamp.
func EncodeTime(t time.Time) ([]byte, error) {
	stamp := timestamppb.New(t)
	if err := stamp.CheckValid(); err != nil {
		return nil, fmt.Errorf("event time: %w", err)
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(stamp)
}

// DecodeTime reads the value of a TimeField. The error names the view.
func DecodeTime(view, value string) (time.Time, error) {
	var stamp timestamppb.Timestamp
	if err := proto.Unmarshal([]byte(value), &stamp); err != nil {
		return time.Time{}, fmt.Errorf("view %s: its time is not a google.protobuf.Timestamp", view)
	}
	if err := stamp.CheckValid(); err != nil {
		return time.Time{}, fmt.Errorf("view %s: its time: %w", view, err)
	}
	return stamp.AsTime(), nil
}
