module 6.824

go 1.26
