package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/repli-mesh/repli/pkg/object"
)

func newCopy() *cobra.Command {
	var every time.Duration
	cmd := &cobra.Command{
		Use:   "copy FROM TO",
		Short: "Copy a file between a bucket and a local folder, once or whenever it changes",
		Long: `Copy a file. FROM and TO are paths or s3://BUCKET/KEY?region=REGION; credentials are those of the environment or of the
pod's role. What was at TO is replaced as a whole, or not at all. With --every, FROM is looked at again and again, and copied
whenever it has changed; a failure is told, and leaves the copy that there is.`,
		Example: `  repli copy snapshot.repli s3://shop/snapshot.repli
  repli copy s3://shop/snapshot.repli /var/lib/repli/snapshot.repli --every 1m`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return misuse(fmt.Errorf("copy: %d arguments, expected FROM and TO", len(args)))
			}
			if cmd.Flags().Changed("every") && every < time.Second {
				return misuse(fmt.Errorf("--every: is %v, expected at least 1s", every))
			}
			return copyFile(cmd, object.Place(args[0]), object.Place(args[1]), every)
		},
	}
	cmd.Flags().DurationVar(&every, "every", 0, "how often to look for a change of FROM (default: copy once)")
	return cmd
}

func copyFile(cmd *cobra.Command, from, to object.Place, every time.Duration) error {
	if err := from.Validate(); err != nil {
		return misuse(fmt.Errorf("FROM: %w", err))
	}
	if err := to.Validate(); err != nil {
		return misuse(fmt.Errorf("TO: %w", err))
	}
	if every == 0 {
		size, err := object.Copy(cmd.Context(), from, to)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "copied %d bytes\n", size)
		return err
	}
	object.Follow(cmd.Context(), from, to, every, func(size int64, err error) {
		if err != nil {
			_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "repli: not copied: %v\n", err)
			return
		}
		_, _ = fmt.Fprintf(cmd.OutOrStdout(), "copied %d bytes\n", size)
	})
	return nil
}
