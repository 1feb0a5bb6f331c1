module warifu/interop

go 1.26
