package mesh

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// replyPatience bounds one command.
const replyPatience = 10 * time.Second

// redisDo runs one command on a connection of its own and returns the reply as text, a list as one line an element. An
// error reply is an error.
func redisDo(ctx context.Context, address string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, replyPatience)
	defer cancel()
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := connection.SetDeadline(deadline); err != nil {
			return "", err
		}
	}
	var command strings.Builder
	fmt.Fprintf(&command, "*%d\r\n", len(args))
	for _, arg := range args {
		fmt.Fprintf(&command, "$%d\r\n%s\r\n", len(arg), arg)
	}
	if _, err := io.WriteString(connection, command.String()); err != nil {
		return "", err
	}
	reply, err := readReply(bufio.NewReader(connection))
	if err != nil {
		return "", fmt.Errorf("redis %s at %s: %w", args[0], address, err)
	}
	return reply, nil
}

// readReply reads one reply of RESP 2.
func readReply(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.New("an empty reply")
	}
	body := line[1:]
	switch line[0] {
	case '+', ':':
		return body, nil
	case '-':
		return "", errors.New(body)
	case '$':
		return readBulk(r, body)
	case '*':
		return readList(r, body)
	default:
		return "", fmt.Errorf("reply is %q, expected RESP 2", line)
	}
}

func readBulk(r *bufio.Reader, length string) (string, error) {
	n, err := strconv.Atoi(length)
	if err != nil || n < 0 {
		return "", err // a null is no text
	}
	text := make([]byte, n+2)
	if _, err := io.ReadFull(r, text); err != nil {
		return "", err
	}
	return string(text[:n]), nil
}

func readList(r *bufio.Reader, length string) (string, error) {
	n, err := strconv.Atoi(length)
	if err != nil {
		return "", err
	}
	var elements []string
	for range n {
		element, err := readReply(r)
		if err != nil {
			return "", err
		}
		elements = append(elements, element)
	}
	return strings.Join(elements, "\n"), nil
}
