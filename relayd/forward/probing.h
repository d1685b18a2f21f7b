// Whether a service at this hub answers: when to look, and what was found. Looks often where the kernel can
// be asked, for that costs the service nothing; connects where it cannot, and where the kernel knows of
// nobody who listens. Sans-I/O: the driver does what due() says, and reports.
#pragma once

#include <optional>
#include <string>

#include "relayd/base/clock.h"

namespace tsmtp::forward {

class Probing {
 public:
  enum class Step {
    kNothing,
    kAskKernel,  ///< whether a program on this machine listens there; kernel_says()
    kConnect,    ///< connected() or failed()
  };

  /// `is_local`: the kernel may know.
  explicit Probing(bool is_local) : is_local_(is_local) {}

  /// What to do now; a connect only once at a time.
  [[nodiscard]] Step due(base::TimePoint now) const;
  /// `listens`: somebody does. Else it is not known.
  void kernel_says(bool listens, base::TimePoint now);
  void connecting() { is_connecting_ = true; }
  void connected(base::TimePoint now);
  /// By a probe or by a connection that somebody waited for.
  void failed(const std::string& cause, base::TimePoint now);

  /// Nothing: not known yet.
  [[nodiscard]] std::optional<bool> answers() const { return answers_; }
  /// Of a service that does not.
  [[nodiscard]] const std::string& cause() const { return cause_; }

 private:
  bool is_local_;
  bool is_connecting_ = false;
  std::optional<bool> answers_;
  std::string cause_;
  std::optional<base::TimePoint> asked_;
  std::optional<base::TimePoint> tried_;  // to connect, last
  bool wants_connect_ = false;            // the kernel does not know
  bool is_doubtful_ =
      false;  // a connection failed although somebody listens: the kernel's word is not enough
};

}  // namespace tsmtp::forward
