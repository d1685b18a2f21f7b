#include <benchmark/benchmark.h>

#include "relayd/smtp/line_reader.h"
#include "tests/micro/micro.h"

namespace tsmtp::micro {
namespace {

constexpr std::size_t kMaxLineBytes = 2048;
constexpr std::size_t kLines = 2000;

std::string commands() {
  std::string out;
  for (std::size_t i = 0; i < kLines; ++i)
    out += "RCPT TO:<user" + std::to_string(i) + "@hub.birl.example> NOTIFY=FAILURE,DELAY\r\n";
  return out;
}

// As they come: `piece_bytes` at a time.
void read_lines(std::string_view input, std::size_t piece_bytes) {
  smtp::LineReader reader(kMaxLineBytes);
  while (!input.empty()) {
    std::string_view piece = input.substr(0, piece_bytes);
    input.remove_prefix(piece.size());
    while (auto line = reader.read(piece))
      benchmark::DoNotOptimize(line->text.data());
  }
}

// Each line found and made a string of its own.
void strings_of_lines(std::string_view input) {
  while (!input.empty()) {
    const std::size_t end = input.find('\n');
    std::string line(input.substr(0, end));
    benchmark::DoNotOptimize(line.data());
    input.remove_prefix(end + 1);
  }
}

Case line_case(const char* name, std::size_t piece_bytes) {
  const std::string input = commands();
  return {.name = name,
          .bytes = input.size(),
          .subject = [input, piece_bytes] { read_lines(input, piece_bytes); },
          .reference = [input] { strings_of_lines(input); }};
}

}  // namespace

std::vector<Case> line_cases() {
  return {line_case("lines.read.pipelined", 16 * 1024), line_case("lines.read.pieces", 20)};
}

}  // namespace tsmtp::micro
