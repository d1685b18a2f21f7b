#include "relayd/smtp/line_reader.h"

#include <gtest/gtest.h>

#include <vector>

namespace tsmtp::smtp {
namespace {

using Kind = Line::Kind;

struct Expected {
  Kind kind;
  std::string text;
  friend bool operator==(const Expected&, const Expected&) = default;
};

std::ostream& operator<<(std::ostream& out, const Expected& line) {
  return out << static_cast<int>(line.kind) << " \"" << line.text << '"';
}

std::vector<Expected> read_all(std::string_view bytes, std::size_t step) {
  LineReader reader(10);
  std::vector<Expected> out;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    std::string_view piece = bytes.substr(at, step);
    while (auto line = reader.read(piece))
      out.push_back({line->kind, line->text});
    EXPECT_TRUE(piece.empty());
  }
  return out;
}

TEST(LineReader, JudgesLinesHoweverTheyAreCut) {
  const std::vector<std::pair<std::string, std::vector<Expected>>> cases{
      {"NOOP\r\n", {{Kind::kGood, "NOOP"}}},
      {"\r\n", {{Kind::kGood, ""}}},
      {"12345678\r\nab\r\n", {{Kind::kGood, "12345678"}, {Kind::kGood, "ab"}}},
      {"123456789\r\nab\r\n", {{Kind::kTooLong, ""}, {Kind::kGood, "ab"}}},
      {std::string(1000, 'x') + "\nab\r\n", {{Kind::kTooLong, ""}, {Kind::kGood, "ab"}}},
      {"NOOP\n", {{Kind::kBareLineEnd, ""}}},
      {"\nab\r\n", {{Kind::kBareLineEnd, ""}, {Kind::kGood, "ab"}}},
      {"a\rb\r\n", {{Kind::kBareLineEnd, ""}}},
      {"a\r\r\n", {{Kind::kBareLineEnd, ""}}},
      {"a\rb\n", {{Kind::kBareLineEnd, ""}}},
      {std::string("a\0b\r\nc\r\n", 8), {{Kind::kNul, ""}, {Kind::kGood, "c"}}},
      {"unended", {}},
      {"cr\r", {}},
      {"\xc3\xa9\t\r\n", {{Kind::kGood, "\xc3\xa9\t"}}},
  };
  for (const auto& [bytes, expected] : cases)
    for (std::size_t step = 1; step <= bytes.size(); ++step)
      EXPECT_EQ(read_all(bytes, step), expected) << bytes;
}

}  // namespace
}  // namespace tsmtp::smtp
