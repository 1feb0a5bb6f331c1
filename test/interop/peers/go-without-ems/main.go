// A client in Go that says one line and shows what comes back. Before Go 1.21 it knows no extended_master_secret.
// Arguments: port, file of anchors.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"os"
)

func main() {
	anchors, err := os.ReadFile(os.Args[2])
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(anchors)
	conn, err := tls.Dial("tcp", "127.0.0.1:"+os.Args[1], &tls.Config{
		RootCAs:    roots,
		ServerName: "server.example",
		MaxVersion: tls.VersionTLS12,
	})
	if err != nil {
		fmt.Println("FAILED", err)
		os.Exit(1)
	}
	fmt.Fprint(conn, "hello\n")
	answer, _ := io.ReadAll(conn)
	fmt.Printf("%s", answer)
}
