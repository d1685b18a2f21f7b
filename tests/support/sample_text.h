// Text that compresses as English does, and bytes that do not, the same in every run.
#pragma once

#include <array>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>

namespace tsmtp::support {

/// Lines of words, ended by CRLF; another `seed`, other text.
[[nodiscard]] inline std::string sample_text(std::size_t bytes, unsigned seed = 1) {
  constexpr std::array<std::string_view, 32> kWords{
      "the",     "mail",   "of",        "and",  "to",      "server",  "a",       "in",
      "message", "client", "is",        "that", "session", "for",     "command", "reply",
      "must",    "with",   "recipient", "not",  "as",      "address", "or",      "this",
      "content", "be",     "transport", "by",   "path",    "which",   "relay",   "protocol"};
  std::minstd_rand random(seed);
  std::string out;
  std::size_t line = 0;
  while (out.size() < bytes) {
    // A word that nobody has said before now and then, as names and numbers are.
    const std::string word =
        random() % 8 == 0 ? std::to_string(random()) : std::string(kWords[random() % 32]);
    out += word;
    line += word.size() + 1;
    out += line > 70 ? "\r\n" : " ";
    if (line > 70) line = 0;
  }
  return out + "\r\n";
}

/// Lines of any bytes but CR, LF and dots.
[[nodiscard]] inline std::string sample_noise(std::size_t bytes, unsigned seed = 1) {
  std::minstd_rand random(seed);
  std::string out;
  while (out.size() < bytes) {
    for (int i = 0; i < 500; ++i) {
      const char c = static_cast<char>(random() >> 8);
      out += c == '\r' || c == '\n' || c == '.' ? 'x' : c;
    }
    out += "\r\n";
  }
  return out;
}

/// What base64 makes of noise: letters in lines of 76.
[[nodiscard]] inline std::string sample_base64(std::size_t bytes, unsigned seed = 1) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::minstd_rand random(seed);
  std::string out;
  while (out.size() < bytes) {
    for (int i = 0; i < 76; ++i)
      out += kLetters[(random() >> 8) % kLetters.size()];
    out += "\r\n";
  }
  return out;
}

}  // namespace tsmtp::support
