package forest

import "github.com/repli-mesh/repli/pkg/onnx"

// step is one branch of the way from a root to a subtree.
type step struct {
	at  int32
	yes bool
}

// cut adds a tree of any number of leaves as trees of at most 64: subtrees are taken out of it, one after the other. What
// remains adds nothing where a subtree was; the subtree, at the end of its path, adds nothing anywhere else.
func (b *builder) cut(root int32, size int) bool {
	gone := map[int32]bool{}
	for size > maxLeaves {
		path, top, taken := b.largest(root, gone)
		if taken <= 1 || !b.add(path, top, gone) {
			return false
		}
		gone[top] = true
		size -= taken - 1
	}
	return b.add(nil, root, gone)
}

// largest finds a subtree that fits with its path, going down on the side that has more leaves.
func (b *builder) largest(root int32, gone map[int32]bool) (path []step, top int32, leaves int) {
	top = root
	for {
		leaves = b.remaining(top, gone)
		if leaves+len(path) <= maxLeaves {
			return path, top, leaves
		}
		n := &b.source.Nodes[top]
		if n.Comparison == onnx.Leaf {
			return path, top, 1
		}
		yes := b.remaining(n.Yes, gone) >= b.remaining(n.No, gone)
		path = append(path, step{top, yes})
		if top = n.No; yes {
			top = n.Yes
		}
	}
}

// remaining counts the leaves below a node; what is gone counts as one.
func (b *builder) remaining(at int32, gone map[int32]bool) int {
	n := &b.source.Nodes[at]
	if gone[at] || n.Comparison == onnx.Leaf {
		return 1
	}
	return b.remaining(n.Yes, gone) + b.remaining(n.No, gone)
}
