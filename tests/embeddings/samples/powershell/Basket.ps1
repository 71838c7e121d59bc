#Requires -Version 5.1
param([string] $Path = ".")

# How many fit.
$Limit = 10
$script:Cache = @{}

<#
.SYNOPSIS
Adds an item to a basket.
#>
function Add-Item {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [string] $Name,
        [int] $Size = 1
    )
    process {
        if ($Size -gt $Limit) { throw "full: $Name" }
        Write-Host "added $Name $($Size + 1)"
    }
}

function Get-Total($Prices) {
    <#
    .SYNOPSIS
    Their sum.
    #>
    ($Prices | Measure-Object -Sum).Sum * 1.5
}

filter Select-Even { if ($_ % 2 -eq 0) { $_ } }

# A basket of things.
class Basket : Thing {
    [int] $Size = 0
    static [string] $Kind

    Basket([int] $size) {
        $this.Size = $size
    }

    [void] Add([string] $item) {
        $this.Items += $item
    }
}

enum Colour {
    Red
    Green = 2
}

Describe "a basket" {
    Context "when new" {
        It "is empty at first" {
            [Basket]::new(0).Size | Should -Be 0
        }
    }
}

Add-Item -Name $Path
