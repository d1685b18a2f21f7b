#include "relayd/cli/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

namespace tsmtp::cli {
namespace {

constexpr std::string_view kBegin = "\x1b[?1049h\x1b[?25l";  // another screen, no cursor
constexpr std::string_view kEnd = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view kHome = "\x1b[H";
constexpr std::string_view kClearLine = "\x1b[K";
constexpr std::string_view kClearBelow = "\x1b[J";

volatile std::sig_atomic_t was_told_to_end = 0;

void note_signal(int) {
  was_told_to_end = 1;
}

void say(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    if (was_told_to_end != 0) return;
  }
}

}  // namespace

Terminal::Terminal() {
  ::tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  struct sigaction action {};
  action.sa_handler = note_signal;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
    ::sigaction(signal, &action, nullptr);
  say(kBegin);
}

Terminal::~Terminal() {
  was_told_to_end = 0;
  say(kEnd);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

bool Terminal::is_there() {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
}

Terminal::Size Terminal::size() {
  constexpr Size kUsual{80, 24};
  winsize window{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0) return kUsual;
  return {window.ws_col, window.ws_row};
}

// Line by line, so that nothing flickers.
void Terminal::show(std::string_view text) {
  std::string out(kHome);
  for (const char c : text) {
    if (c == '\n') out += kClearLine;
    out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  }
  say(out.append(kClearBelow));
}

std::optional<char> Terminal::key(std::chrono::milliseconds patience) {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  const int ready = ::poll(&input, 1, static_cast<int>(patience.count()));
  if (was_told_to_end != 0) return 'q';
  if (ready <= 0) return std::nullopt;
  char key = 'q';
  return ::read(STDIN_FILENO, &key, 1) == 1 ? key : 'q';
}

}  // namespace tsmtp::cli
