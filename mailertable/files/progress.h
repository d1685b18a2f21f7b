// The line on a terminal that says how far a long job is. Silent for what takes less than a second, and where
// there is no terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>

namespace tsmtp::mailertable {

/// What the line says: "writing: 1234567 of 10000000 entries (12%), 812000/s, 10 s left".
[[nodiscard]] std::string progress_text(const std::string& what, std::size_t done, std::size_t total,
                                        std::chrono::duration<double> elapsed);

class Progress {
 public:
  /// Writes to `out` if that is a terminal.
  explicit Progress(std::FILE* out);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { end(); }

  /// A new part of the job begins, of `total` entries.
  void begin(std::string what, std::size_t total);

  /// Wipes the line.
  void end();

  /// `done` entries are done. Cheap: may be called for each.
  void at(std::size_t done) {
    constexpr std::size_t kEvery = 4096;
    if (is_terminal_ && done % kEvery == 0) show(done);
  }

 private:
  using Clock = std::chrono::steady_clock;

  void show(std::size_t done);

  std::FILE* out_;
  bool is_terminal_;
  bool is_shown_ = false;
  std::string what_;
  std::size_t total_ = 0;
  Clock::time_point start_;  ///< of the job
  Clock::time_point part_start_;
  Clock::time_point next_;  ///< when to show the next time
};

}  // namespace tsmtp::mailertable
