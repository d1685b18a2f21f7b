// Plays a written dialogue to a ClientSession, once in whole segments and once byte by byte, and checks what
// comes out.
#pragma once

#include <string>
#include <vector>

namespace tsmtp::smtp::test {

/// Steps, one a line:
///   S: TEXT       the server sends TEXT and CRLF; consecutive ones come in one segment
///   S= TEXT       the server sends TEXT as it is, \r \n \0 as in C
///   C: TEXT       the next line of output
///   > TEXT        the owner sends a command; tags count from 1 (the end of content has one, too)
///   D: TEXT       the owner sends content, \r \n \0 as in C; BAD: TEXT … which is refused
///   CHUNKS        the owner begins to send chunks, whose replies have a tag of their own; GIVEUP  … gives up
///   F:            the owner finishes the content
///   E: TEXT       the next event: "ready KEYWORD,…", "1 250 text" (tag and reply), "failed CAUSE", "failed
///   CAUSE (421 text)" IDLE, BUSY    is_idle()
/// At the end all output and all events must have been named.
void play_client(const std::vector<std::string>& steps);

}  // namespace tsmtp::smtp::test
