#include "tests/support/link_emulator/tunnel_device.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

namespace tsmtp::support::emulator {
namespace {

constexpr char kOwnNameSpace[] = "/proc/thread-self/ns/net";

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

/// While it lives this thread is in a new network namespace.
class NewNameSpace {
 public:
  NewNameSpace() : before_(checked(open(kOwnNameSpace, O_RDONLY | O_CLOEXEC), kOwnNameSpace)) {
    checked(unshare(CLONE_NEWNET), "new network namespace (are we root?)");
  }
  ~NewNameSpace() {
    (void)setns(before_, CLONE_NEWNET);
    close(before_);
  }
  NewNameSpace(const NewNameSpace&) = delete;
  NewNameSpace& operator=(const NewNameSpace&) = delete;

 private:
  int before_;
};

ifreq named(const char* device) {
  ifreq request{};
  std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  return request;
}

sockaddr in_request(const std::string& address) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  if (inet_pton(AF_INET, address.c_str(), &in.sin_addr) != 1)
    throw std::system_error(EINVAL, std::generic_category(), "not an IPv4 address: " + address);
  sockaddr out{};
  std::memcpy(&out, &in, sizeof out);
  return out;
}

void bring_up(int control, const char* device) {
  ifreq request = named(device);
  checked(ioctl(control, SIOCGIFFLAGS, &request), "SIOCGIFFLAGS");
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  checked(ioctl(control, SIOCSIFFLAGS, &request), "SIOCSIFFLAGS");
}

void configure(const char* device, const std::string& address) {
  // Neighbour discovery and the like would be packets nobody sent.
  std::ofstream("/proc/sys/net/ipv6/conf/all/disable_ipv6") << "1";
  const int control = checked(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  ifreq request = named(device);
  request.ifr_addr = in_request(address);
  checked(ioctl(control, SIOCSIFADDR, &request), "SIOCSIFADDR");
  request.ifr_addr = in_request("255.255.255.0");
  checked(ioctl(control, SIOCSIFNETMASK, &request), "SIOCSIFNETMASK");
  request = named(device);
  request.ifr_qlen = 10'000;  // a burst of packets waits here for us, and must not be lost
  checked(ioctl(control, SIOCSIFTXQLEN, &request), "SIOCSIFTXQLEN");
  bring_up(control, device);
  bring_up(control, "lo");
  close(control);
}

}  // namespace

TunnelDevice::TunnelDevice(const std::string& address) {
  const NewNameSpace inside;
  name_space_ = checked(open(kOwnNameSpace, O_RDONLY | O_CLOEXEC), kOwnNameSpace);
  fd_ = checked(open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK), "/dev/net/tun");
  ifreq request = named("link0");
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  checked(ioctl(fd_, TUNSETIFF, &request), "TUNSETIFF");
  configure("link0", address);
}

TunnelDevice::~TunnelDevice() {
  if (fd_ >= 0) close(fd_);
  if (name_space_ >= 0) close(name_space_);
}

}  // namespace tsmtp::support::emulator
