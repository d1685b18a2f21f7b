# What the compiler and the linker do against mistakes that we did not find: position independent, nothing writable that the
# loader has filled, no jump to where none should lead, stacks that cannot be jumped over, and checked calls of libc.
# tests/lint/check_hardening.py looks at the programs for it.
set(tsmtp_hardening -fPIE -fstack-protector-strong -fstack-clash-protection)
# Each kind of processor has its own guard of jumps: Intel's CET, ARM's branch protection.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|i.86)$")
  list(APPEND tsmtp_hardening -fcf-protection=full)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  list(APPEND tsmtp_hardening -mbranch-protection=standard)
endif()

# tsmtp_harden(TARGET): an interface library, whose users are hardened.
function(tsmtp_harden target)
  target_compile_options(${target} INTERFACE ${tsmtp_hardening})
  target_link_options(${target} INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack)
  if(NOT TSMTP_SANITIZE)  # which has its own checks, and wants to see the calls as they are written
    target_compile_definitions(${target} INTERFACE $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=3>)
  endif()
endfunction()
