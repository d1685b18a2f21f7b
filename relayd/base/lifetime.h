// The end of an object, as those see it who call it later: timers, posted work, callbacks that it gave away.
// A callback that stands inside guard() does nothing once the object is gone, whatever is still queued by
// then. For one thread.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace tsmtp::base {

/// A member of the object.
class Lifetime {
 public:
  Lifetime() = default;
  Lifetime(const Lifetime&) = delete;
  Lifetime& operator=(const Lifetime&) = delete;

  /// `callback`, which is not called any more when the object is gone; a value-initialised result is given
  /// then. A handler of Asio is so called once too often: cancel() does not take back one that is queued.
  template <typename Callback>
  [[nodiscard]] auto guard(Callback callback) const {
    return [alive = std::weak_ptr<const Mark>(mark_), callback = std::move(callback)](
               auto&&... arguments) mutable -> std::invoke_result_t<Callback&, decltype(arguments)...> {
      if (alive.expired()) return std::invoke_result_t<Callback&, decltype(arguments)...>();
      return callback(std::forward<decltype(arguments)>(arguments)...);
    };
  }

  /// From now on nothing is called: for a destructor, before members that may still call go.
  void end() { mark_.reset(); }

 private:
  struct Mark {};
  std::shared_ptr<const Mark> mark_ = std::make_shared<const Mark>();
};

}  // namespace tsmtp::base
