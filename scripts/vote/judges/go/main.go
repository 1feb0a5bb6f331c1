// Judges chains with crypto/x509: a case on each line of standard input, an answer on each line of standard output.
// A case is: seconds since 1970, host or "-", leaf, intermediates, anchors; by tabs, DER in hex, lists by commas.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	clean := strings.NewReplacer("\n", " ", "\t", " ")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		if err := judge(strings.TrimSuffix(line, "\n")); err != nil {
			fmt.Fprintf(out, "no\t%s\n", clean.Replace(err.Error()))
		} else {
			fmt.Fprintln(out, "yes")
		}
		out.Flush()
	}
}

func judge(line string) error {
	fields := strings.Split(line, "\t")
	if len(fields) != 5 {
		return errors.New("a case has five fields")
	}
	seconds, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return err
	}
	leaf, err := parse(fields[2])
	if err != nil {
		return fmt.Errorf("leaf: %w", err)
	}
	// What cannot be read is left out, as a TLS client does with anchors; why is told where no path is found.
	roots, lostRoot := pool(fields[4])
	intermediates, lostIntermediate := pool(fields[3])
	options := x509.VerifyOptions{
		Roots:         roots,
		Intermediates: intermediates,
		CurrentTime:   time.Unix(seconds, 0),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if fields[1] != "-" {
		options.DNSName = fields[1]
	}
	if _, err = leaf.Verify(options); err == nil {
		return nil
	}
	if lostRoot != nil {
		return fmt.Errorf("%w; anchor: %w", err, lostRoot)
	}
	if lostIntermediate != nil {
		return fmt.Errorf("%w; intermediate: %w", err, lostIntermediate)
	}
	return err
}

func pool(list string) (*x509.CertPool, error) {
	found := x509.NewCertPool()
	var lost error
	for _, text := range strings.Split(list, ",") {
		if text == "" {
			continue
		}
		if certificate, err := parse(text); err == nil {
			found.AddCert(certificate)
		} else {
			lost = err
		}
	}
	return found, lost
}

func parse(text string) (*x509.Certificate, error) {
	der, err := hex.DecodeString(text)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}
