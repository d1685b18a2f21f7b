#include "relayd/forward/ftp/line_reader.h"

#include <gtest/gtest.h>

#include <vector>

namespace tsmtp::forward::ftp {
namespace {

struct Reading {
  std::vector<std::string> lines;
  bool failed = false;
};

Reading read(std::string_view bytes, std::size_t step) {
  Reading reading;
  LineReader reader;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    std::string_view piece = bytes.substr(at, step);
    while (!piece.empty()) {
      auto line = reader.read(piece);
      if (!line) {
        reading.failed = true;
        return reading;
      }
      if (!*line) break;
      reading.lines.push_back((*line)->too_long ? "too long" : (*line)->text);
    }
  }
  return reading;
}

TEST(FtpLineReader, ALineEndsAtLfHoweverItIsCut) {
  const std::string longest(kMaxLineBytes, 'x');
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases{
      {"NOOP\r\n", {"NOOP"}},
      {"NOOP\nQUIT\r\n", {"NOOP", "QUIT"}},
      {"\r\n\n", {"", ""}},
      {"a\rb\r\n", {"a\rb"}},
      {std::string("a\0b\r\n", 5), {std::string("a\0b", 3)}},
      {longest + "\r\nQUIT\r\n", {longest, "QUIT"}},
      {longest + "xx\r\nQUIT\r\n", {"too long", "QUIT"}},
      {std::string(60000, 'x') + "\r\n\r\nQUIT\r\n", {"too long", "", "QUIT"}},
  };
  for (const auto& [bytes, lines] : cases)
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, bytes.size()})
      EXPECT_EQ(read(bytes, step).lines, lines) << bytes.substr(0, 40) << " in steps of " << step;
}

TEST(FtpLineReader, ALineWithoutEndIsAnError) {
  const std::string megabyte(1 << 20, 'x');
  for (const std::size_t step : {std::size_t{100}, megabyte.size()}) {
    const Reading reading = read(megabyte, step);
    EXPECT_TRUE(reading.failed);
    if (step == 100) {
      EXPECT_EQ(reading.lines, std::vector<std::string>{"too long"});
    }
  }
}

}  // namespace
}  // namespace tsmtp::forward::ftp
