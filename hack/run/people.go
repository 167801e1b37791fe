package main

import (
	"context"
	"path/filepath"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// sampleNamespace is where config/samples lies.
const sampleNamespace = "sunrise-clinic"

// showPeople waits until everybody of the samples is ready or stuck, and prints
// where they stand. It prints that too when the wait takes too long.
func (w *world) showPeople(ctx context.Context) error {
	reader, err := w.reader()
	if err != nil {
		return err
	}
	c := clinic{}
	err = w.out.step("waiting for the people of the samples", func(say func(string)) (string, error) {
		err := testkit.Eventually(ctx, "the people of the samples", func(ctx context.Context) (bool, string, error) {
			c.read(ctx, reader)
			say(c.progress())
			return c.settled(), c.progress(), nil
		})
		if tooLong := wait.Interrupted(err) && ctx.Err() == nil; !tooLong && err != nil {
			return "", err
		}
		return c.progress(), nil
	})
	if err != nil {
		return err
	}
	w.out.printf("\n%s", c.table())
	return nil
}

func (w *world) reader() (client.Reader, error) {
	rules := &clientcmd.ClientConfigLoadingRules{Precedence: filepath.SplitList(w.layout.usedKubeconfig())}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	return client.New(config, client.Options{Scheme: scheme})
}
