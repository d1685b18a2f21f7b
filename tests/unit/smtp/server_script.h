// Plays a written dialogue to a ServerSession, once in whole segments and once byte by byte, and checks what
// comes out.
#pragma once

#include <string>
#include <vector>

#include "relayd/smtp/server_session.h"

namespace tsmtp::smtp::test {

/// Steps, one a line:
///   C: TEXT     the client sends TEXT and CRLF; consecutive ones leave in one segment
///   C= TEXT     the client sends TEXT as it is; \r \n \0 \\ mean what they mean in C
///   S: TEXT     the next line of output
///   R: TEXT     the next request, as described() writes it
///   A: TEXT     the owner answers the oldest open ticket with the reply line TEXT
///   A1: TEXT    … the second oldest (A2: the third)
///   X: TEXT     the owner closes with the reply line TEXT
/// At the end all output and all requests must have been named.
void play_server(const std::vector<std::string>& steps, const ServerOptions& options);

/// As play_server, but segments only: for dialogues whose outcome rightly depends on the segments.
void play_server_in_segments(const std::vector<std::string>& steps, const ServerOptions& options);

/// Options with the extensions that sendmail knows, named "birl.tsmtp".
[[nodiscard]] ServerOptions test_options();
/// … and with CHUNKING and SMTPUTF8.
[[nodiscard]] ServerOptions test_options_with_chunking();

/// `text` with \r, \n, \0 and \\ put in.
[[nodiscard]] std::string unescaped(std::string_view text);

/// "250 2.0.0 OK" as a Reply.
[[nodiscard]] Reply reply_of(std::string_view line);

}  // namespace tsmtp::smtp::test
