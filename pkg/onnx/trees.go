package onnx

// Trees describes an ensemble of trees to a compiler. It never changes.
type Trees struct {
	// Nodes holds all trees; Roots says where each begins.
	Nodes []TreeNode
	Votes []Vote
	Roots []int32
	// Features is how many features a row must have, Scores how many it gets.
	Features, Scores int
	// Aggregate is SUM, AVERAGE, MIN or MAX; Base is added to the scores and is empty or has one entry for each.
	Aggregate string
	Base      []float32
	// Transform is the post_transform.
	Transform string
}

// Comparison is what a branch asks of a feature.
type Comparison = branchMode

// The comparisons; Leaf is not one but the end of a path.
const (
	Leaf           = leaf
	LessOrEqual    = branchLeq
	Less           = branchLt
	GreaterOrEqual = branchGte
	Greater        = branchGt
)

// TreeNode is a branch or a leaf. Of a leaf, Yes and No are the first and the last (exclusive) of its votes.
type TreeNode struct {
	Value      float32
	Feature    int32
	Yes, No    int32
	Comparison Comparison
	// MissingYes says that NaN takes the branch Yes whatever the comparison.
	MissingYes bool
}

// Vote is what a leaf adds to one of the scores.
type Vote struct {
	Score  int32
	Weight float32
}
