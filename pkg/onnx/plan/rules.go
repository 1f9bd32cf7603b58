package plan

import (
	"errors"
	"slices"
	"strings"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// rule says how an operator treats the first dimension of its operands.
type rule func(c *compiler, n onnx.Node) error

// elementWise operators compute each element of the result from the elements that broadcasting puts at its place.
const elementWise = `Abs Neg Sqrt Exp Log Sigmoid Tanh Erf Relu LeakyRelu PRelu Elu Selu Celu HardSigmoid HardSwish Gelu Softplus Softsign Mish
	ThresholdedRelu Sign Round Floor Ceil Reciprocal Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh
	Not IsNaN IsInf Cast Clip Identity Dropout Shrink
	Add Sub Mul Div Pow Mod Min Max Sum Mean And Or Xor Equal Greater GreaterOrEqual Less LessOrEqual Where BitShift
	BitwiseAnd BitwiseOr BitwiseXor BitwiseNot`

// alongAxis operators work along one dimension, or some.
const alongAxis = `Softmax LogSoftmax Hardmax ArgMax ArgMin CumSum TopK LpNormalization LayerNormalization RMSNormalization
	MeanVarianceNormalization GatherElements
	ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceSumSquare`

// planes are operators on batches of channels, whose other operands are weights.
const planes = `Conv ConvTranspose MaxPool AveragePool GlobalAveragePool GlobalMaxPool InstanceNormalization GroupNormalization LRN
	DepthToSpace SpaceToDepth`

// tabular operators of ai.onnx.ml take rows of features; to most of them a vector is one row.
const tabular = `Scaler Normalizer Imputer LinearRegressor LinearClassifier TreeEnsembleRegressor TreeEnsembleClassifier TreeEnsemble
	SVMRegressor SVMClassifier FeatureVectorizer ArrayFeatureExtractor ZipMap`

// shapers are the operands whose elements, not only their shapes, decide on the shape of a result.
var shapers = map[string][]int{
	":Reshape": {1}, ":Expand": {1}, ":Tile": {1}, ":ConstantOfShape": {0}, ":Range": {0, 1, 2}, ":Slice": {1, 2, 3, 4}, ":Split": {1},
	":Squeeze": {1}, ":Unsqueeze": {1}, ":Pad": {1, 3}, ":TopK": {1}, ":OneHot": {1}, ":NonZero": {0}, ":Unique": {0}, ":Compress": {1},
}

// shaped checks that the shapes of the results do not depend on values that are not there when shapes are learned.
func (c *compiler) shaped(n onnx.Node) error {
	operands := shapers[n.Op()]
	if strings.HasPrefix(n.Op(), ":Reduce") {
		operands = []int{1}
	}
	for _, i := range operands {
		if i < len(n.Inputs()) && n.Inputs()[i] >= 0 && c.values[n.Inputs()[i]].class > extent {
			return errors.New("the shape of its result depends on the values of inputs")
		}
	}
	return nil
}

var rules = makeRules()

func makeRules() map[string]rule {
	table := map[string]rule{
		":BatchNormalization": channels, ":Pad": padsNoCandidates, ":Einsum": onEachCandidate, ":OneHot": newAxis, ":Concat": joinsColumns,
		":QuantizeLinear": scaledByColumns, ":DequantizeLinear": scaledByColumns, ":Trilu": matrices,
		"ai.onnx.ml:LabelEncoder": sideBySide, "ai.onnx.ml:CategoryMapper": sideBySide, "ai.onnx.ml:Binarizer": sideBySide,
		"ai.onnx.ml:OneHotEncoder": func(*compiler, onnx.Node) error { return nil }, // element by element
	}
	for _, op := range strings.Fields(planes) {
		table[":"+op] = matrices
	}
	for _, op := range strings.Fields(elementWise) {
		table[":"+op] = sideBySide
	}
	for _, op := range strings.Fields(alongAxis) {
		table[":"+op] = notAlongCandidates
	}
	for _, op := range strings.Fields(tabular) {
		table["ai.onnx.ml:"+op] = rowsOfFeatures
	}
	return table
}

// independent checks that an operator, some operands of which are rowed, treats candidates independently.
func (c *compiler) independent(n onnx.Node) error {
	check, ok := rules[n.Op()]
	if !ok {
		return errMixed
	}
	return check(c, n)
}

func sideBySide(c *compiler, n onnx.Node) error {
	operands := slices.DeleteFunc(slices.Clone(n.Inputs()), func(v int) bool { return v < 0 })
	for _, out := range n.Outputs() {
		if out >= 0 {
			if err := c.aligned(out, operands...); err != nil {
				return err
			}
		}
	}
	return nil
}

// alone checks that no operand but the first depends on the candidates, and that the first is there row by row.
func (c *compiler) alone(n onnx.Node) error {
	for _, v := range n.Inputs()[1:] {
		if v >= 0 && c.values[v].class != constant {
			return errMixed
		}
	}
	return nil
}

func notAlongCandidates(c *compiler, n onnx.Node) error {
	if n.Op() == ":GatherElements" {
		if err := c.bothPerRow(n); err != nil {
			return err
		}
	} else if err := c.alone(n); err != nil {
		return err
	}
	axes, ok := c.axesOf(n)
	if !ok || slices.ContainsFunc(axes, func(at int64) bool { return c.values[n.Inputs()[0]].axis(at) == 0 }) {
		return errMixed
	}
	return nil
}

func (c *compiler) bothPerRow(n onnx.Node) error {
	for _, v := range n.Inputs() {
		if !c.values[v].perRow() || c.values[v].factor != c.values[n.Inputs()[0]].factor {
			return errMixed
		}
	}
	return nil
}

// axesOf returns the dimensions that an operator works along; false where they are not known, or all.
func (c *compiler) axesOf(n onnx.Node) ([]int64, bool) {
	op := strings.TrimPrefix(n.Op(), ":")
	switch {
	case strings.HasPrefix(op, "Reduce"):
		axes := n.Ints("axes")
		if len(n.Inputs()) > 1 && n.Inputs()[1] >= 0 {
			var ok bool
			if axes, ok = c.values[n.Inputs()[1]].ints(); !ok {
				return nil, false
			}
		}
		return axes, len(axes) > 0
	case op == "MeanVarianceNormalization":
		axes := n.Ints("axes")
		return axes, len(axes) > 0
	case op == "CumSum":
		axes, ok := c.values[n.Inputs()[1]].ints()
		return axes, ok
	case op == "Softmax" || op == "LogSoftmax" || op == "Hardmax":
		return []int64{n.Int("axis", map[bool]int64{true: 1, false: -1}[n.Opset() < 13])}, true
	case op == "ArgMax" || op == "ArgMin" || op == "GatherElements":
		return []int64{n.Int("axis", 0)}, true
	default:
		return []int64{n.Int("axis", -1)}, true
	}
}

// channels checks BatchNormalization, whose channels are dimension 1.
func channels(c *compiler, n onnx.Node) error {
	if c.values[n.Inputs()[0]].rank() < 2 {
		return errMixed
	}
	return c.alone(n)
}

// matrices checks operators on what lies behind the first dimension and another one.
func matrices(c *compiler, n onnx.Node) error {
	if c.values[n.Inputs()[0]].rank() < 3 {
		return errMixed
	}
	return c.alone(n)
}

// rowsOfFeatures checks operators whose operands are all tables with a row for each candidate.
func rowsOfFeatures(c *compiler, n onnx.Node) error {
	for i, v := range n.Inputs() {
		if n.Op() == "ai.onnx.ml:ArrayFeatureExtractor" && i == 1 {
			if c.values[v].class != constant {
				return errMixed
			}
			continue
		}
		if v < 0 || c.values[v].class != rowed || c.values[v].repeats != c.values[n.Inputs()[0]].repeats || c.values[v].factor != 1 ||
			c.values[v].rank() < 2 {
			return errMixed
		}
	}
	return nil
}
