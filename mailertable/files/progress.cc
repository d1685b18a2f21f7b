#include "mailertable/files/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

namespace tsmtp::mailertable {
namespace {

constexpr std::chrono::seconds kPatience{1};
constexpr std::chrono::milliseconds kInterval{200};

}  // namespace

std::string progress_text(const std::string& what, std::size_t done, std::size_t total,
                          std::chrono::duration<double> elapsed) {
  const double rate = elapsed.count() > 0 ? static_cast<double>(done) / elapsed.count() : 0;
  std::string text = fmt::format("{}: {} of {} entries", what, done, total);
  if (total > 0) text += fmt::format(" ({}%)", done * 100 / total);
  if (rate > 0 && done <= total)
    text += fmt::format(", {:.0f}/s, {:.0f} s left", rate, static_cast<double>(total - done) / rate);
  return text;
}

Progress::Progress(std::FILE* out)
    : out_(out),
      is_terminal_(::isatty(::fileno(out)) == 1),
      start_(Clock::now()),
      part_start_(start_),
      next_(start_ + kPatience) {}

void Progress::begin(std::string what, std::size_t total) {
  what_ = std::move(what);
  total_ = total;
  part_start_ = Clock::now();
}

void Progress::show(std::size_t done) {
  const auto now = Clock::now();
  if (now < next_) return;
  next_ = now + kInterval;
  is_shown_ = true;
  // Back to the first column, and what a longer line left behind wiped.
  fmt::print(out_, "\r{}\x1b[K", progress_text(what_, done, total_, now - part_start_));
  std::fflush(out_);
}

void Progress::end() {
  if (!is_shown_) return;
  fmt::print(out_, "\r\x1b[K");
  std::fflush(out_);
  is_shown_ = false;
}

}  // namespace tsmtp::mailertable
