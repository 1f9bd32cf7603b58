// Package golden holds one JSON example of each public message, and the test that the contract still reads and writes
// them so. It must not hold anything else.
package golden

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// Every public message has a golden file that sets every field, reads strictly, and comes out as it went in.
func TestPublicMessagesKeepTheirJSON(t *testing.T) {
	t.Parallel()
	messages := repliv1.File_repli_v1_recommendation_proto.Messages()
	for i := range messages.Len() {
		descriptor := messages.Get(i)
		t.Run(string(descriptor.Name()), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(string(descriptor.Name()) + ".json")
			if err != nil {
				t.Fatal(err)
			}
			message := dynamicpb.NewMessage(descriptor)
			if err := protojson.Unmarshal(want, message); err != nil {
				t.Fatal(err)
			}
			unset(t, message.ProtoReflect())
			got, err := protojson.Marshal(message)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(plain(t, got), plain(t, want)) {
				t.Errorf("came out as\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// Numbers and names of enumerations are for ever.
func TestPublicEnumerationsKeepTheirNumbers(t *testing.T) {
	t.Parallel()
	got := map[string]map[string]int32{}
	enums := repliv1.File_repli_v1_recommendation_proto.Enums()
	for i := range enums.Len() {
		values := map[string]int32{}
		for j := range enums.Get(i).Values().Len() {
			value := enums.Get(i).Values().Get(j)
			values[string(value.Name())] = int32(value.Number())
		}
		got[string(enums.Get(i).Name())] = values
	}
	file, err := os.ReadFile("enums.json")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]int32{}
	if err := json.Unmarshal(file, &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("enumerations are %v, golden %v", got, want)
	}
}

// unset fails for every field that the golden file leaves out, except the other members of a oneof.
func unset(t *testing.T, message protoreflect.Message) {
	t.Helper()
	fields := message.Descriptor().Fields()
	for i := range fields.Len() {
		if field := fields.Get(i); field.ContainingOneof() == nil && !message.Has(field) {
			t.Errorf("the golden file does not set %s", field.FullName())
		}
	}
}

func plain(t *testing.T, data []byte) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	return value
}
