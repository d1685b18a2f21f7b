// What is wrong with a hub, and where: what `relayctl doctor` says. A Report collects the findings of all
// checks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "relayd/base/clock.h"

namespace tsmtp::diagnosis {

struct Finding {
  enum class Severity {
    kWrong,    ///< mail waits, bounces, is in danger, or will be after the next restart
    kWarning,  ///< it goes on, and somebody should look at it
  };
  std::string check;  ///< the name of the one that found it
  Severity severity = Severity::kWrong;
  std::string place;  ///< "/etc/mail/mailertable:12", a path, an address, "site birl"
  std::string text;
  std::string remedy;
  std::optional<base::WallTime> since{};
};

/// The findings so far.
class Report {
 public:
  /// Of the check that runs now.
  void begin(std::string_view check) { check_ = check; }

  void wrong(std::string place, std::string text, std::string remedy,
             std::optional<base::WallTime> since = {}) {
    add(Finding::Severity::kWrong, std::move(place), std::move(text), std::move(remedy), since);
  }
  void warning(std::string place, std::string text, std::string remedy,
               std::optional<base::WallTime> since = {}) {
    add(Finding::Severity::kWarning, std::move(place), std::move(text), std::move(remedy), since);
  }

  [[nodiscard]] std::vector<Finding> take() { return std::move(findings_); }

 private:
  void add(Finding::Severity severity, std::string place, std::string text, std::string remedy,
           std::optional<base::WallTime> since) {
    findings_.push_back({.check = check_,
                         .severity = severity,
                         .place = std::move(place),
                         .text = std::move(text),
                         .remedy = std::move(remedy),
                         .since = since});
  }

  std::string check_;
  std::vector<Finding> findings_;
};

}  // namespace tsmtp::diagnosis
