//go:build ort

package ort

import (
	"context"
	"errors"
	"fmt"

	runtime "github.com/yalue/onnxruntime_go"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// Session is a model in onnxruntime, on one thread. Run is safe for concurrent use; Close is not.
type Session struct {
	session         *runtime.DynamicAdvancedSession
	inputs, outputs []string
}

// Open loads a model with the library at a path, which must be the same for all sessions of a process. inputs and outputs
// are those of the model by name; sessions take and give tensors in their order. The error names the library if it cannot be
// loaded, or is what onnxruntime says of the model.
func Open(library string, model []byte, inputs, outputs []string) (*Session, error) {
	return open(library, model, inputs, outputs, runtime.GraphOptimizationLevelEnableAll)
}

// OpenAsWritten is Open without onnxruntime's optimisations, some of which make a graph that it then refuses.
func OpenAsWritten(library string, model []byte, inputs, outputs []string) (*Session, error) {
	return open(library, model, inputs, outputs, runtime.GraphOptimizationLevelDisableAll)
}

func open(library string, model []byte, inputs, outputs []string, level runtime.GraphOptimizationLevel) (*Session, error) {
	if err := load(library); err != nil {
		return nil, err
	}
	options, err := runtime.NewSessionOptions()
	if err != nil {
		return nil, fmt.Errorf("ort: %w", err)
	}
	err = errors.Join(options.SetIntraOpNumThreads(1), options.SetInterOpNumThreads(1), options.SetGraphOptimizationLevel(level))
	s := &Session{inputs: inputs, outputs: outputs}
	if err == nil {
		s.session, err = runtime.NewDynamicAdvancedSessionWithONNXData(model, inputs, outputs, options)
	}
	if err = errors.Join(err, options.Destroy()); err != nil {
		return nil, fmt.Errorf("ort: %w", err)
	}
	return s, nil
}

// Close frees the model.
func (s *Session) Close() error { return s.session.Destroy() }

// Run computes the outputs. onnxruntime cannot be stopped: the context is looked at before.
func (s *Session) Run(ctx context.Context, inputs []onnx.Tensor) ([]onnx.Tensor, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	in, err := values(inputs)
	defer destroy(in)
	if err != nil {
		return nil, err
	}
	out := make([]runtime.Value, len(s.outputs))
	defer func() { destroy(out) }()
	if err := s.session.Run(in, out); err != nil {
		return nil, fmt.Errorf("ort: %w", err)
	}
	tensors := make([]onnx.Tensor, len(out))
	for i, v := range out {
		if tensors[i], err = tensor(v); err != nil {
			return nil, fmt.Errorf("ort: output %q: %w", s.outputs[i], err)
		}
	}
	return tensors, nil
}

// Binding is a call whose tensors stay in place, for measuring: Run allocates nothing.
type Binding struct {
	session *Session
	binding *runtime.IoBinding
	values  []runtime.Value
	scores  *runtime.Tensor[float32]
}

// Bind fixes the inputs, and the shape of the first output, of float32.
func (s *Session) Bind(inputs []onnx.Tensor, shape []int) (*Binding, error) {
	b := &Binding{session: s}
	var err error
	if b.values, err = values(inputs); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	if b.binding, err = s.session.CreateIoBinding(); err != nil {
		return nil, errors.Join(fmt.Errorf("ort: %w", err), b.Close())
	}
	for i, v := range b.values {
		if err := b.binding.BindInput(s.inputs[i], v); err != nil {
			return nil, errors.Join(fmt.Errorf("ort: input %q: %w", s.inputs[i], err), b.Close())
		}
	}
	if b.scores, err = runtime.NewEmptyTensor[float32](dims(shape)); err != nil {
		return nil, errors.Join(fmt.Errorf("ort: %w", err), b.Close())
	}
	b.values = append(b.values, b.scores)
	if err := b.binding.BindOutput(s.outputs[0], b.scores); err != nil {
		return nil, errors.Join(fmt.Errorf("ort: output %q: %w", s.outputs[0], err), b.Close())
	}
	return b, nil
}

// Run computes the output and returns it; it is overwritten by the next call.
func (b *Binding) Run() ([]float32, error) {
	if err := b.session.session.RunWithBinding(b.binding); err != nil {
		return nil, fmt.Errorf("ort: %w", err)
	}
	return b.scores.GetData(), nil
}

// Close frees the tensors.
func (b *Binding) Close() error {
	destroy(b.values)
	if b.binding == nil {
		return nil
	}
	return b.binding.Destroy()
}
