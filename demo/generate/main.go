// Command generate writes the data of the demonstration's shop.
//
//	go run ./demo/generate -out demo/data
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/repli-mesh/repli/demo/shop"
)

func main() {
	defaults := shop.Defaults()
	out := flag.String("out", "demo/data", "folder to write users, items, events and views to")
	seed := flag.Uint64("seed", defaults.Seed, "seed of the shop; another seed is another shop")
	flag.Parse()
	if err := shop.Generate(shop.Config{Seed: *seed}).Write(*out); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}
