// A link with a delay between two network namespaces, for a test: programs and sockets made while the test is
// at one end of it belong to that end. Needs root. Gone with the test, however that ends.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tsmtp::support {

/// While it lives, what this thread starts, connects and listens to is in another network namespace.
class Inside {
 public:
  explicit Inside(const std::string& name_space);
  ~Inside();
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  int before_;
};

class EmulatedLink {
 public:
  static constexpr char kNearAddress[] = "10.99.0.1";
  static constexpr char kFarAddress[] = "10.99.0.2";

  /// Arguments as link_emulator takes them. Throws if it cannot be started.
  explicit EmulatedLink(const std::vector<std::string>& arguments);
  ~EmulatedLink();
  EmulatedLink(const EmulatedLink&) = delete;
  EmulatedLink& operator=(const EmulatedLink&) = delete;

  /// Paths for Inside, and for nsenter --net=PATH.
  [[nodiscard]] const std::string& near() const { return near_; }
  [[nodiscard]] const std::string& far() const { return far_; }
  /// A line for its standard input; returns the answer.
  std::string command(const std::string& line);
  /// Since the last "reset", as "tests/support/link_emulator/round_trips.h" counts them.
  [[nodiscard]] std::uint64_t round_trips();

 private:
  [[nodiscard]] std::string answer();

  int commands_ = -1;
  int answers_ = -1;
  pid_t pid_ = -1;
  std::string near_, far_;
};

}  // namespace tsmtp::support
