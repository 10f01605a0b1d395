// Command control-plane is a Kubernetes control plane in one file. Each part is a process of its own, since their metrics
// and flags are global: it is called by a link with the part's name.
package main

import (
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

var parts = map[string]func() *cobra.Command{
	"etcd":                    etcd,
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllermanager.NewControllerManagerCommand,
	"kubectl":                 kubectl.NewDefaultKubectlCommand,
}

func main() {
	part := parts[filepath.Base(os.Args[0])]
	if part == nil {
		fmt.Fprintln(os.Stderr, "call it as etcd, kube-apiserver, kube-controller-manager or kubectl")
		os.Exit(2)
	}
	os.Exit(cli.Run(part()))
}

// etcd keeps its data only for one run of the tests, so it does not sync to the disk.
func etcd() *cobra.Command {
	var directory, client string
	command := &cobra.Command{
		Use:          "etcd",
		SilenceUsage: true,
		RunE: func(*cobra.Command, []string) error {
			clientURL, err := url.Parse(client)
			if err != nil {
				return err
			}
			config := embed.NewConfig()
			config.Dir = directory
			config.ListenClientUrls = []url.URL{*clientURL}
			config.AdvertiseClientUrls = config.ListenClientUrls
			config.ListenPeerUrls = []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
			config.UnsafeNoFsync = true
			config.LogLevel = "warn"
			server, err := embed.StartEtcd(config)
			if err != nil {
				return err
			}
			defer server.Close()
			ended := make(chan os.Signal, 1)
			signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
			select {
			case err := <-server.Err():
				return err
			case <-ended:
				return nil
			}
		},
	}
	command.Flags().StringVar(&directory, "data-dir", "", "directory of the data")
	command.Flags().StringVar(&client, "listen-client-url", "", "URL for clients")
	return command
}
