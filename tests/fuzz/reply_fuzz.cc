// Replies of an MTA that may say anything.
#include <string>
#include <vector>

#include "relayd/smtp/extensions.h"
#include "relayd/smtp/reply.h"
#include "tests/fuzz/fuzz.h"

namespace tsmtp::fuzz {
namespace {

struct Reading {
  std::vector<smtp::Reply> replies;
  bool failed = false;

  friend bool operator==(const Reading&, const Reading&) = default;
};

Reading read(std::string_view input, std::size_t piece_bytes) {
  Reading reading;
  smtp::ReplyReader reader;
  while (!input.empty()) {
    std::string_view piece = input.substr(0, piece_bytes);
    input.remove_prefix(piece.size());
    for (;;) {
      auto reply = reader.read(piece);
      if (!reply) {
        reading.failed = true;
        return reading;
      }
      if (!*reply) break;
      reading.replies.push_back(std::move(**reply));
    }
    must(piece.empty(), "what is no whole reply is gathered");
  }
  return reading;
}

void check(const smtp::Reply& reply) {
  must(reply.code >= 200 && reply.code <= 599, "the code is a final or intermediate one");
  must(!reply.lines.empty() && reply.lines.size() <= 128, "the number of lines is bounded");
  for (const std::string& line : reply.lines) {
    must(line.size() <= 2048, "lines are bounded");
    must(line.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "a line is one line");
  }
  const Reading again = read(reply.wire(), 1 << 20);
  must(again.replies == std::vector{reply} && !again.failed, "a reply can be passed on word for word");
  (void)reply.summary();
  const auto offered = smtp::parse_extensions(reply);
  smtp::Reply ehlo{.code = 250, .lines = smtp::keyword_lines(offered)};
  ehlo.lines.insert(ehlo.lines.begin(), "x");
  must(smtp::parse_extensions(ehlo) == offered, "extensions can be offered as they were learnt");
}

}  // namespace
}  // namespace tsmtp::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tsmtp;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t piece_bytes = fuzz::take_byte(input) % 16 + 1;
  const fuzz::Reading whole = fuzz::read(input, input.size());
  fuzz::must(whole == fuzz::read(input, piece_bytes), "pieces are read as the whole is");
  for (const smtp::Reply& reply : whole.replies)
    fuzz::check(reply);
  return 0;
}
