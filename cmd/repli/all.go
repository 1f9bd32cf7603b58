package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/repli-mesh/repli/cmd/repli/show"
	"github.com/repli-mesh/repli/demo"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/client"
	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/life"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/allinone"
)

// warmUp bounds how long the mesh may take until the model answers.
const warmUp = 30 * time.Second

// patience is the deadline of the calls that are shown.
const patience = 100 * time.Millisecond

// allFlags choose what the whole mesh serves.
type allFlags struct {
	listen, data, bundle, user string
}

func newAll() *cobra.Command {
	var f allFlags
	cmd := &cobra.Command{
		Use:   "all",
		Short: "Run the whole mesh in this process, on demo data or on yours",
		Example: `  repli all
  repli all --listen 127.0.0.1:7000 --data my/data --bundle my/bundle`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "", "the gateway's address (default 127.0.0.1:9000)")
	flags.StringVar(&f.data, "data", "",
		"a folder with views.yaml and users, items and events as .csv, .jsonl (each also .gz) or .parquet (default: the demo shop)")
	flags.StringVar(&f.bundle, "bundle", "", "the folder of a model bundle (default: the demo's, with the demo shop only)")
	flags.StringVar(&f.user, "user", "", "the user that the mesh is shown with (default: the demo's, or the first of yours)")
	return cmd
}

func (f allFlags) run(cmd *cobra.Command) error {
	cfg, err := allinone.LoadConfig()
	if err != nil {
		return err
	}
	if f.listen != "" {
		cfg.Gateway.Process.Server.Listen = f.listen
	}
	data, user, err := f.choose(cmd.Context())
	if err != nil {
		return err
	}
	mesh, err := allinone.New(cmd.Context(), cfg, data)
	if err != nil {
		return err
	}
	// When the demonstration ends, with or without an error, the mesh serves on or ends with it.
	demonstration := life.Func(func(ctx context.Context) error {
		if err := demonstrate(ctx, cmd.OutOrStdout(), mesh, user); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	})
	return life.Run(cmd.Context(), mesh, demonstration)
}

// choose returns the data to serve and a user to show them with.
func (f allFlags) choose(ctx context.Context) (allinone.Data, string, error) {
	if f.data == "" {
		if f.bundle != "" {
			return allinone.Data{}, "", misuse(errors.New("--bundle: is set without --data, expected both"))
		}
		data, err := folder(demo.Data())
		data.Bundle = demo.Bundle()
		return data, pick(f.user, demo.KnownUser), err
	}
	if f.bundle == "" {
		return allinone.Data{}, "", misuse(errors.New("--data: is set without --bundle, expected both"))
	}
	for flag, path := range map[string]string{"--data": f.data, "--bundle": f.bundle} {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			return allinone.Data{}, "", misuse(fmt.Errorf("%s: is %q, expected a folder", flag, path))
		}
	}
	data, err := folder(os.DirFS(f.data))
	if err != nil {
		return allinone.Data{}, "", misuse(fmt.Errorf("--data %s: %w", f.data, err))
	}
	data.Bundle = os.DirFS(f.bundle)
	user := f.user
	if user == "" {
		user, err = firstUser(ctx, data)
	}
	return data, user, err
}

func pick(first, second string) string {
	if first != "" {
		return first
	}
	return second
}

// folder finds views.yaml and the files beside it.
func folder(fsys fs.FS) (allinone.Data, error) {
	text, err := fs.ReadFile(fsys, "views.yaml")
	if err != nil {
		return allinone.Data{}, fmt.Errorf("views.yaml: %w", err)
	}
	project, err := views.Parse("views.yaml", text)
	if err != nil {
		return allinone.Data{}, err
	}
	data := allinone.Data{Project: project}
	for name, into := range map[string]*[]dataset.Source{
		"users": &data.Users, "items": &data.Items, "events": &data.Events,
	} {
		found, err := fs.Glob(fsys, name+".*")
		if err != nil {
			return allinone.Data{}, err
		}
		if len(found) != 1 {
			return allinone.Data{}, fmt.Errorf("%s.*: %d files, expected one of .csv, .jsonl or .parquet", name, len(found))
		}
		source, err := dataset.FromFS(fsys, filepath.ToSlash(found[0]))
		if err != nil {
			return allinone.Data{}, err
		}
		*into = append(*into, source)
	}
	return data, nil
}

// firstUser is the first of the users' file.
func firstUser(ctx context.Context, data allinone.Data) (string, error) {
	for record, err := range dataset.Rows(ctx, data.Project, data.Users[0], data.Project.ViewsOf(views.User)...) {
		return record.Row.EntityID, err
	}
	return "", fmt.Errorf("%s: no users, expected at least one", data.Users[0].Name())
}

// demonstrate shows four answers and says how to get more.
func demonstrate(ctx context.Context, w io.Writer, mesh *allinone.Mesh, known string) (err error) {
	select {
	case <-mesh.Listening():
	case <-ctx.Done():
		return nil
	}
	c, err := client.New(mesh.Address(), client.WithDeadline(patience))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	warm, cancel := context.WithTimeout(ctx, warmUp)
	defer cancel()
	if err := mesh.AwaitPersonalized(warm, c, known); err != nil {
		if ctx.Err() != nil {
			return nil // asked to stop while warming up
		}
		return err
	}
	newcomer := "visitor-" + known
	for _, act := range []struct {
		title, user string
		pause       bool
	}{
		{"A known user", known, false},
		{"A new user", newcomer, false},
		{"The known user again, while the feature service is paused", known, true},
		{"Somebody else, while it is still paused", "another-" + newcomer, true},
	} {
		if act.pause {
			mesh.Pause(allinone.Feature)
			defer mesh.Resume(allinone.Feature)
		}
		if err := perform(ctx, w, c, act.title, act.user); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(w, `Serving on %[1]s until interrupted. Try:
  repli recommend --address %[1]s --user %[2]s --count 5
  repli recommend --address %[1]s --user %[2]s --watch
  repli explain --address %[1]s --user %[2]s
  grpcurl -plaintext -d '{"userId":"%[2]s","count":3}' %[1]s repli.v1.RecommendationService/Recommend
  curl http://%[3]s/metrics
and look at http://%[3]s/statusz
`, mesh.Address(), known, mesh.AdminAddress())
	return err
}

// perform asks once and shows the answer.
func perform(ctx context.Context, w io.Writer, c *client.Client, title, user string) error {
	response, took, err := timed(ctx, c, user)
	if status.Code(err) == codes.DeadlineExceeded { // this machine was busy with something else; show it once more
		response, took, err = timed(ctx, c, user)
	}
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "%s (%s):\n", title, user); err != nil {
		return err
	}
	if err := show.Answer(w, response, took); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w)
	return err
}

func timed(ctx context.Context, c *client.Client, user string) (*repliv1.RecommendResponse, time.Duration, error) {
	started := time.Now()
	response, err := c.Recommend(ctx, &repliv1.RecommendRequest{UserId: user, Count: 5})
	return response, time.Since(started), err
}
