// Judges a chain with Go's crypto/x509, reads a list with it, and makes a request: root.pem chain.pem name [list.pem request.pem].
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"os"
)

func main() {
	if err := run(); err != nil {
		fmt.Println("no:", err)
		os.Exit(1)
	}
}

func run() error {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	root, err := certificates(os.Args[1])
	if err != nil {
		return err
	}
	roots.AddCert(root[0])
	chain, err := certificates(os.Args[2])
	if err != nil {
		return err
	}
	for _, certificate := range chain[1:] {
		between.AddCert(certificate)
	}
	options := x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: os.Args[3]}
	if os.Args[3] == "client" {
		options.DNSName = ""
		options.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	if _, err := chain[0].Verify(options); err != nil {
		return err
	}
	fmt.Println("uris", chain[0].URIs, "addresses", chain[0].IPAddresses)
	if len(os.Args) < 6 {
		return nil
	}
	list, err := os.ReadFile(os.Args[4])
	if err != nil {
		return err
	}
	block, _ := pem.Decode(list)
	revoked, err := x509.ParseRevocationList(block.Bytes)
	if err != nil {
		return err
	}
	if err := revoked.CheckSignatureFrom(chain[1]); err != nil {
		return err
	}
	for _, entry := range revoked.RevokedCertificateEntries {
		fmt.Println("revoked", entry.SerialNumber.Text(16), "reason", entry.ReasonCode, "number", revoked.Number)
	}
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return err
	}
	template := x509.CertificateRequest{
		Subject:     pkix.Name{CommonName: "go.example"},
		DNSNames:    []string{"go.example"},
		IPAddresses: []net.IP{net.IPv4(192, 0, 2, 9)},
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &template, key)
	if err != nil {
		return err
	}
	return os.WriteFile(os.Args[5], pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request}), 0o600)
}

func certificates(path string) ([]*x509.Certificate, error) {
	rest, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []*x509.Certificate
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return list, nil
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		list = append(list, certificate)
	}
}
