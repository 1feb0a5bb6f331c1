// Go's crypto/tls as a peer of the interop matrix; what it is told, and what it answers: ../README.md.
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
)

type order map[string]string

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		told := order{}
		for _, word := range words[1:] {
			key, value, _ := strings.Cut(word, "=")
			told[key] = value
		}
		var answer string
		var err error
		switch words[0] {
		case "serve":
			answer, err = serve(told)
		case "connect":
			answer, err = connect(told)
		default:
			err = errors.New("no such command")
		}
		if err != nil {
			answer = "error " + strings.ReplaceAll(err.Error(), "\n", " ")
		}
		fmt.Println(answer)
	}
}

func serve(told order) (string, error) {
	config, err := common(told)
	if err != nil {
		return "", err
	}
	if told["auth"] != "" {
		config.ClientAuth = tls.RequireAndVerifyClientCert
		config.ClientCAs = config.RootCAs
	}
	if told["staple"] != "" {
		if config.Certificates[0].OCSPStaple, err = os.ReadFile(told["staple"]); err != nil {
			return "", err
		}
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		return "", err
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				if _, err := io.Copy(connection, connection); err != nil {
					fmt.Println("server-error", err)
				}
			}()
		}
	}()
	return "serving " + strconv.Itoa(listener.Addr().(*net.TCPAddr).Port), nil
}

func connect(told order) (string, error) {
	config, err := common(told)
	if err != nil {
		return "", err
	}
	config.ServerName = "server.example"
	config.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	answer := ""
	for range max(1, number(told["times"])) {
		if answer, err = once(told, config); err != nil {
			return "", err
		}
	}
	return answer, nil
}

func once(told order, config *tls.Config) (string, error) {
	connection, err := tls.Dial("tcp", "127.0.0.1:"+told["port"], config)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	total := number(told["bytes"])
	for done := 0; done < total; {
		sent := make([]byte, min(16384, total-done))
		for i := range sent {
			sent[i] = byte((done + i) * 7 % 251)
		}
		if _, err := connection.Write(sent); err != nil {
			return "", err
		}
		got := make([]byte, len(sent))
		if _, err := io.ReadFull(connection, got); err != nil {
			return "", err
		}
		if !bytes.Equal(sent, got) {
			return "", errors.New("what came back is not what was sent")
		}
		done += len(sent)
	}
	if err := connection.CloseWrite(); err != nil {
		return "", err
	}
	// io.EOF is close_notify; without one it is io.ErrUnexpectedEOF.
	_, err = connection.Read(make([]byte, 1))
	clean := 0
	if err == io.EOF {
		clean = 1
	}
	state := connection.ConnectionState()
	version := map[uint16]string{tls.VersionTLS12: "1.2", tls.VersionTLS13: "1.3"}[state.Version]
	resumed := 0
	if state.DidResume {
		resumed = 1
	}
	return fmt.Sprintf("ok version=%s alpn=%s resumed=%d clean=%d ocsp=%d",
		version, state.NegotiatedProtocol, resumed, clean, len(state.OCSPResponse)), nil
}

func common(told order) (*tls.Config, error) {
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	switch told["version"] {
	case "1.2":
		config.MinVersion, config.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	case "1.3":
		config.MinVersion = tls.VersionTLS13
	}
	roots, err := os.ReadFile(told["roots"])
	if err != nil {
		return nil, err
	}
	config.RootCAs.AppendCertsFromPEM(roots)
	if told["cert"] != "" {
		own, err := tls.LoadX509KeyPair(told["cert"], told["key"])
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{own}
		// Shown whatever authorities the server names: refusing it is the server's part.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own, nil }
	}
	if told["alpn"] != "" {
		config.NextProtos = []string{told["alpn"]}
	}
	groups := map[string]tls.CurveID{
		"secp384r1": tls.CurveP384, "X25519": tls.X25519, "X25519MLKEM768": tls.X25519MLKEM768,
		"SecP256r1MLKEM768": tls.SecP256r1MLKEM768, "SecP384r1MLKEM1024": tls.SecP384r1MLKEM1024,
	}
	if group, known := groups[told["group"]]; known {
		config.CurvePreferences = []tls.CurveID{group}
	}
	return config, nil
}

func number(text string) int {
	value, _ := strconv.Atoi(text)
	return value
}
