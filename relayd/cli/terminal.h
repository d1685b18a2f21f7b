// A terminal that a program has for itself while it runs: another screen, keys as they are pressed. As it was
// when it goes, by a signal too.
#pragma once

#include <termios.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace tsmtp::cli {

class Terminal {
 public:
  struct Size {
    std::size_t columns;
    std::size_t lines;
  };

  /// Standard input and output, which must be a terminal.
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Whether there is one.
  [[nodiscard]] static bool is_there();
  [[nodiscard]] static Size size();

  /// Shows `text` in place of what was there.
  static void show(std::string_view text);
  /// The next key; nothing if none came within `patience`, or a signal came. Ctrl-C and the end of input are
  /// 'q'.
  [[nodiscard]] static std::optional<char> key(std::chrono::milliseconds patience);

 private:
  termios before_{};
};

}  // namespace tsmtp::cli
