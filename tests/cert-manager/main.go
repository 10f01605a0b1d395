// Command cert-manager is the controller and the cainjector of cert-manager in one file, without ACME, Vault and Venafi,
// and without the webhook, whose checks the schemas of the CRDs repeat. Each part is a process of its own: it is called by
// a link with the part's name, and reads the kubeconfig of its argument.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/cert-manager/cert-manager/pkg/logs"
)

var parts = map[string]func(ctx context.Context, kubeconfig string) error{
	"cert-manager-controller": controller,
	"cert-manager-cainjector": cainjector,
}

func main() {
	part := parts[filepath.Base(os.Args[0])]
	if part == nil || len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "call it as cert-manager-controller or cert-manager-cainjector, with a kubeconfig")
		os.Exit(2)
	}
	logs.InitLogs()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := part(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
